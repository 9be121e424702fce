"""Programs that try to get out of the cage, by what they try. Each is harmless where it should succeed: see test_escapes.py."""

# System calls by number, x86-64/Arm 64, with arguments that a kernel without the cage would read or would find wanting.
# The cage must answer EPERM before the kernel looks at them.
CALLS = """
socket 41/198 2,1,0 | socketpair 53/199 1,1,0,0 | connect 42/203 0,0,0 | bind 49/200 0,0,0 | accept 43/202 0,0,0
accept4 288/242 0,0,0,0 | sendto 44/206 0,0,0,0,0,0 | sendmsg 46/211 0,0,0 | recvmsg 47/212 0,0,0 | listen 50/201 0,0
io_uring_setup 425/425 1,0 | io_uring_enter 426/426 0,0,0,0,0,0 | io_setup 206/0 1,0 | execve 59/221 0,0,0
execveat 322/281 -1,0,0,0,0 | clone3 435/435 0,0 | wait4 61/260 -1,0,1,0 | waitid 247/95 0,0,0,1,0 | kill 62/129 0,0
tkill 200/130 1,0 | tgkill 234/131 1,1,0 | rt_sigqueueinfo 129/138 1,0,0 | rt_tgsigqueueinfo 297/240 1,1,0,0
pidfd_open 434/434 1,0 | pidfd_send_signal 424/424 0,0,0,0 | pidfd_getfd 438/438 0,0,0
process_madvise 440/440 0,0,0,0,0 | ptrace 101/117 16,1,0,0 | process_vm_readv 310/270 1,0,0,0,0,0
process_vm_writev 311/271 1,0,0,0,0,0 | kcmp 312/272 1,1,0,0,0 | setpgid 109/154 0,0 | setsid 112/157
getpgid 121/155 1 | getsid 124/156 1 | getppid 110/173 | mount 165/40 0,0,0,0,0 | umount2 166/39 0,0
pivot_root 155/41 0,0 | chroot 161/51 0 | unshare 272/97 0x10000000 | setns 308/268 0,0 | open_tree 428/428 -1,0,0
move_mount 429/429 -1,0,-1,0,0 | fsopen 430/430 0,0 | fspick 433/433 -1,0,0 | mount_setattr 442/442 -1,0,0,0,0
openat2 437/437 -1,0,0,0 | name_to_handle_at 303/264 -1,0,0,0,0 | open_by_handle_at 304/265 -1,0,0 | chdir 80/49 0
fchdir 81/50 0 | bpf 321/280 99,0,0 | perf_event_open 298/241 0,0,-1,-1,0 | userfaultfd 323/282 0
add_key 248/217 0,0,0,0,0 | keyctl 250/219 0,0,0,0,0 | init_module 175/105 0,0,0 | finit_module 313/273 0,0,0
delete_module 176/106 0,0 | kexec_load 246/104 0,0,0,0 | reboot 169/142 0,0,0,0 | swapon 167/224 0,0
swapoff 168/225 0 | sethostname 170/161 0,-1 | settimeofday 164/170 0,0 | clock_settime 227/112 -1,0
adjtimex 159/171 0 | acct 163/89 1 | syslog 103/116 10,0,0 | sysinfo 99/179 0 | personality 135/92 0xffffffff
modify_ldt 154/0 0,0,0 | memfd_create 319/279 0,0 | memfd_secret 447/447 0 | shmget 29/194 0,4096,0
msgget 68/186 0,0 | semget 64/190 0,1,0 | mq_open 240/180 0,0,0,0 | pkey_alloc 330/289 0,0 | mlock 149/228 0,0
mlockall 151/230 0 | mbind 237/235 0,0,0,0,0,0 | move_pages 279/239 1,0,0,0,0,0 | chmod 90/0 0,0 | fchmod 91/52 0,0
fchmodat 268/53 -1,0,0 | chown 92/0 0,0,0 | fchown 93/55 0,-1,-1 | utimensat 280/88 -1,0,0,0
setxattr 188/5 0,0,0,0,0 | getxattr 191/8 0,0,0,0 | listxattr 194/11 0,0,0 | truncate 76/45 0,0
fallocate 285/47 -1,0,0,0 | link 86/0 0,0 | linkat 265/37 -1,0,-1,0,0 | symlink 88/0 0,0 | symlinkat 266/36 0,-1,0
mknodat 259/33 -1,0,0,0 | statfs 137/43 0,0 | setrlimit 160/164 7,0 | setpriority 141/140 0,0,0
sched_setaffinity 203/122 0,0,0 | sched_setscheduler 144/119 0,0,0 | ioprio_set 251/30 0,0,0 | setuid 105/146 0
setgid 106/144 0 | setgroups 116/159 0,0 | setresuid 117/147 -1,-1,-1 | capset 126/91 0,0 | capget 125/90 0,0
prctl 157/167 1,0,0,0,0 | seccomp 317/277 0,0,0 | landlock_create_ruleset 444/444 0,0,1 | set_tid_address 218/96 0
inotify_init1 294/26 0 | fanotify_init 300/262 0,0 | signalfd4 289/74 -1,0,8,0 | eventfd2 290/19 0,0
timerfd_create 283/85 1,0 | timer_create 222/107 0,0,0 | setitimer 38/103 0,0,0 | alarm 37/0 0 | pause 34/0
rt_sigsuspend 133/133 0,0 | pipe2 293/59 0,0 | splice 275/76 0,0,0,0,0,0 | tee 276/77 0,0,0,0
vmsplice 278/75 0,0,0,0 | sendfile 40/71 1,0,0,0 | copy_file_range 326/285 0,0,0,0,0,0 | dup 32/23 0
dup3 292/24 0,9,0 | flock 73/32 0,8 | quotactl 179/60 0,0,0,0 | lookup_dcookie 212/18 0,0,0 | vhangup 153/58
iopl 172/0 0 | ioperm 173/0 0,0,0 | uselib 134/0 0 | x32_getpid 1073741863/0 | later 470/470 0 | far 9999/9999 0
"""

# Statements that must raise OSError. ``call(x86, arm, ...)`` makes a system call by number; ``fd`` is an open pipe.
STATEMENTS = {
    "a TCP connection": "socket.create_connection(('127.0.0.1', 22), timeout=1)",
    "a socket in the abstract namespace": "socket.socket(socket.AF_UNIX).bind('\\0cuvee')",
    "a datagram": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 53))",
    "a fork": "os.fork() or os._exit(0)",
    "a raw clone": "call(56, 220, 17, 0, 0, 0, 0) or os._exit(0)",
    "a program": "subprocess.run(['/bin/true'])",
    "a spawned program": "os.posix_spawn('/bin/true', ['true'], {})",
    "a program in its place": "os.execv('/bin/true', ['true'])",
    "signals to its group": "os.killpg(0, 0)",
    "a signal to everyone": "os.kill(-1, 0)",
    "a signal to itself": "os.kill(os.getpid(), 0)",
    "signals of a pipe to another": "fcntl.fcntl(fd, fcntl.F_SETOWN, 1)",
    "signals of a pipe to a thread": "fcntl.fcntl(fd, 15, struct.pack('ii', 1, 1))",
    "another signal of a pipe": "fcntl.fcntl(fd, fcntl.F_SETSIG, 9)",
    "a pipe that signals": "fcntl.fcntl(fd, fcntl.F_SETFL, os.O_ASYNC)",
    "a pipe that signals, by ioctl": "fcntl.ioctl(fd, 0x5452, struct.pack('i', 1))",
    "signals of a pipe to another, by ioctl": "fcntl.ioctl(fd, 0x8901, struct.pack('i', 1))",
    "a pipe that does not wait": "os.set_blocking(fd, False)",
    "a larger pipe": "fcntl.fcntl(fd, 1031, 1 << 20)",
    "a lease": "fcntl.fcntl(open('a', 'w'), 1024, 1)",
    "a folder that signals": "fcntl.fcntl(os.open('.', os.O_RDONLY), 1026, 0x80000004)",
    "a lock": "fcntl.lockf(open('a', 'w'), fcntl.LOCK_EX)",
    "a copy of a pipe": "os.dup(fd)",
    "characters typed into a terminal": "fcntl.ioctl(0, 0x5412, b'x')",
    "a file that signals": "os.open('a', os.O_RDWR | os.O_CREAT | os.O_ASYNC)",
    "a file outside that is not opened": "os.open('/', os.O_PATH)",
    "reading the users": "open('/etc/passwd').read()",
    "reading its environment": "open('/proc/self/environ').read()",
    "reading another's environment": "open('/proc/1/environ').read()",
    "writing its memory": "open('/proc/self/mem', 'r+b')",
    "listing its files": "os.listdir('/proc/self/fd')",
    "listing the home": "os.listdir(os.path.expanduser('~'))",
    "listing the root": "os.listdir('/')",
    "listing what is temporary": "os.listdir('/tmp')",
    "reading memory": "open('/dev/mem', 'rb')",
    "reading the kernel's log": "open('/dev/kmsg')",
    "reading a terminal": "open('/dev/tty')",
    "shared memory": "open('/dev/shm/cuvee', 'w')",
    "a switch of the kernel": "open('/sys/power/state', 'w')",
    "writing outside": "open('../outside', 'w')",
    "writing outside by its whole name": "open('/tmp/cuvee-outside', 'w')",
    "writing into Python": "open(os.__file__, 'a')",
    "new files in Python": "open(os.path.dirname(os.__file__) + '/cuvee.py', 'w')",
    "a folder outside": "os.mkdir('/tmp/cuvee-outside')",
    "a file moved out": "open('a', 'w').close(); os.rename('a', '../a')",
    "Python moved": "os.rename(os.__file__, 'os.py')",
    "Python removed": "os.remove(os.path.dirname(os.__file__) + '/LICENSE.txt')",
    "a link": "os.symlink('/etc/passwd', 'a')",
    "a second name": "os.link(os.__file__, 'a')",
    "a named pipe": "os.mkfifo('a')",
    "a device": "os.mknod('a', 0o20600, os.makedev(1, 1))",
    "other modes": "open('a', 'w').close(); os.chmod('a', 0o4777)",
    "another owner": "open('a', 'w').close(); os.chown('a', 1, 1)",
    "another time": "open('a', 'w').close(); os.utime('a', (0, 0))",
    "another root": "os.chroot('.')",
    "another folder": "os.chdir('/')",
    "more memory": "call(160, 164, 9, ctypes.create_string_buffer(b'\\xff' * 16))",
    "more time": "call(302, 261, 0, 0, ctypes.c_void_p(ctypes.addressof(ctypes.create_string_buffer(16))), 0)",
    "limits of another": "resource.prlimit(1, resource.RLIMIT_CPU)",
    "another's processors": "os.sched_getaffinity(1)",
    "a turn before others": "os.nice(1)",
    "another user": "os.setuid(65534)",
    "a timer": "signal.setitimer(signal.ITIMER_REAL, 1)",
    "an alarm by a descriptor": "call(283, 85, 1, 0)",
    "calls of 32 bits": "call(0x40000000 + 41, 198, 2, 1, 0)",
}

# What may be asked about files outside; closed where the kernel gives a root of its own.
METADATA = {
    "when the users changed": "os.stat('/etc/passwd')",
    "whether there are logs": "os.stat('/var/log')",
    "where a link points to": "os.readlink('/proc/1/exe')",
    "whether it may read": "if not os.access('/etc/hostname', os.F_OK): raise FileNotFoundError(2, '')",
    "which program runs it": "os.stat(sys.executable)",
    "which processes there are": "os.stat('/proc/1')",
    "where cuvee lies": "os.stat('/tmp')",
    "what its parent opened": "os.lstat('/proc/self/fd/0')",
}

# Programs whose tests hold a secret that no program can know: whatever they do, they must not have passed.
FORGERIES = {
    "it answers with another value": "def answer(): return 1",
    "it is equal to everything": "class A:\n def __eq__(s, o): return True\ndef answer(): return A()",
    "a text that is equal to everything": """
class A(str):
    __eq__ = lambda s, o: True
    __hash__ = str.__hash__
def answer(): return A("x")
""",
    "a list that is equal to everything": "class A(list):\n __eq__ = lambda s, o: True\ndef answer(): return A()",
    "an object that says it is a text": "class A:\n __class__ = str\n __eq__ = lambda s, o: True\ndef answer(): return A()",
    "it leaves at once": "import os; os._exit(0)",
    "it leaves when it is called": "import os\ndef answer(): os._exit(0)",
    "it exits at once": "raise SystemExit(0)",
    "it exits when it is called": "import sys\ndef answer(): sys.exit(0)",
    "it is interrupted": "def answer(): raise KeyboardInterrupt",
    "it breaks the assertion": """
import builtins
builtins.AssertionError = type("A", (BaseException,), {})
def answer(): return 0
""",
    "it walks frames to the orders": """
import os, sys
def answer():
    frame, found = sys._getframe(), []
    while frame:
        found += [str(one) for one in (*frame.f_locals.values(), *frame.f_globals.values())]
        frame = frame.f_back
    for fd in range(64):
        try: os.write(fd, b'{"passed": true, "reason": ""}')
        except OSError: pass
    os._exit(0)
""",
    "it searches all objects": """
import gc, re
def answer():
    return next((m for o in gc.get_objects() for m in re.findall("[0-9a-f]{32}", repr(o)[:100000])), "none")
""",
    "it searches its memory": """
def answer():
    return open("/proc/self/mem", "rb").read(1)
""",
    "it replaces the other half": """
import sys
for module in list(sys.modules.values()):
    for name in ("judge", "_verdict", "put_up", "main"):
        if hasattr(module, name): setattr(module, name, lambda *a: b'{"passed": true, "reason": ""}')
def answer(): return 0
""",
    "it writes a verdict to every file": """
import os
for fd in range(64):
    try: os.write(fd, b'{"passed": true, "reason": ""}')
    except OSError: pass
def answer(): return 0
""",
    "it frames a verdict as a message": """
import os
text = b'{"passed": true, "reason": ""}'
for fd in range(3, 64):
    try: os.write(fd, len(text).to_bytes(8, "little") + text)
    except OSError: pass
os._exit(0)
""",
    "it answers before it is asked": "READY\nSAY('[[\"returned\", 1, true], []]')\ndef answer(): return 0",
    "it answers another call": "READY\nSAY('[[\"returned\", 2, true], []]')\ndef answer(): return 0",
    "it answers with a number that is none": "READY\nSAY('[[\"returned\", true, true], []]')\ndef answer(): return 0",
    "it is ready twice": "READY\nREADY\ndef answer(): return 0",
    "it answers with an unknown type": 'READY\nSAY(\'[["returned", 1, [0]], [["Popen", "x"]]]\')',
    "it answers with a tuple in itself": 'READY\nSAY(\'[["returned", 1, [0]], [["tuple", [[0]]]]]\')',
    "it answers with a place that is none": 'READY\nSAY(\'[["returned", 1, [-1]], [["list", []]]]\')',
    "it answers with depth": "READY\nSAY('[' * 100000)",
    "it answers with digits": "READY\nSAY('[[\"returned\", 1, ' + '9' * 100000 + '], []]')",
    "it answers with what is no text": 'READY\nSAY(\'[["returned", 1, [0]], [["int", 5]]]\')',
    "it answers with another's fields": "READY\nSAY('[[\"raised\", 1], []]')",
    "it answers with bytes": "READY\nSAY(b'\\x80\\x04N.')",
    "it promises a long message": "READY\nimport os\nOUT(b'\\xff' * 8)",
    "it closes everything": "import os\nos.closerange(0, 64)\ndef answer(): return 0",
    "it crashes": "import ctypes\ndef answer(): ctypes.string_at(0)",
    "it crashes while it loads": "import ctypes\nctypes.string_at(0)",
    "it uses up its stack": "import sys\nsys.setrecursionlimit(10**9)\ndef answer(): return answer()",
    "it has no end": "def answer():\n n = 0\n while True: yield (n := n + 1)",
    "calls of another architecture": """
import ctypes, mmap
code = mmap.mmap(-1, 4096, prot=7)
code.write(bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3]))
def answer():
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
""",
}

# Programs that use up what there is. Whatever they do, the verdict comes in time and nothing of them is left.
GREEDY = {
    "folders": "n = 0\nwhile True:\n os.mkdir(str(n)); n += 1",
    "folders in folders": (
        "at = os.open('.', 0)\nwhile True:\n"
        " os.mkdir('d', dir_fd=at); below = os.open('d', 0, dir_fd=at); os.close(at); at = below"
    ),
    "files": "n = 0\nwhile True:\n open(str(n), 'w').close(); n += 1",
    "bytes": "n = 0\nwhile True:\n open(str(n), 'wb').write(bytes(1 << 20)); n += 1",
    "one large file": "open('a', 'wb').write(bytes(1 << 22))",
    "one file with a hole": "open('a', 'wb').truncate(1 << 40)",
    "open files": "kept = []\nwhile True: kept.append(open('a', 'w'))",
    "memory": "bytearray(1 << 30)",
    "memory by pages": "import mmap\nkept = []\nwhile True: kept.append(mmap.mmap(-1, 1 << 24))",
    "threads": "import threading\nkept = [threading.Thread(target=list) for _ in range(9)]\nfor one in kept: one.start()",
    "processes": "while True: os.fork()",
}
SLOW = {
    "time of the processor": "while True: pass",
    "time of the processor, deaf to its end": "signal.signal(signal.SIGXCPU, signal.SIG_IGN)\n while True: pass",
    "time on the clock": "time.sleep(1000)",
    "a pattern": "import re; re.match('(a+)+$', 'a' * 50 + 'b')",
    "words without end": "for _ in iter(int, 1): os.write(1, bytes(1 << 16))",
    "answers without end": "for _ in iter(int, 1): OUT(bytes(1 << 16))",
    "a wait for a message": "os.read(fd, 1)",
}

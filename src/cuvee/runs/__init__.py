"""The run folder: steps that are addressed by what they depend on, atomic outputs, and the manifest.

A step's folder is named by a hash of its inputs, its settings and our own code; it is written under a temporary name and
renamed when it is whole and lasts, with the checksums of its files. So resume is not a mode: a killed run, called again, does
only what is missing, and what was damaged since is found, set aside and made again.
"""

from cuvee.runs.claims import LOCK, WORK, Claim
from cuvee.runs.costs import Cost, measured
from cuvee.runs.hashes import canonical, code_version, digest, sha256
from cuvee.runs.manifest import MANIFEST, Output, manifest_of, output, outputs_of, versions, write_json
from cuvee.runs.run import Run, open_run
from cuvee.runs.steps import Step

__all__ = [
    "LOCK",
    "MANIFEST",
    "WORK",
    "Claim",
    "Cost",
    "Output",
    "Run",
    "Step",
    "canonical",
    "code_version",
    "digest",
    "manifest_of",
    "measured",
    "open_run",
    "output",
    "outputs_of",
    "sha256",
    "versions",
    "write_json",
]

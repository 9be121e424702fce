"""Where commands and options stand in help: commands in the order of work, options by what they are about."""

from cyclopts import Group

_ORDER = {
    "The work, in its order": "inspect select train prove search",
    "Methods that choose or make rows while a model learns": "interpolate evolve adapt distill",
    "To look closer": "evaluate regimes why report",
    "To begin with, and to repeat": "demo models run",
}
OTHERS = Group("More commands", sort_key=len(_ORDER))
BESIDES = Group("Besides", sort_key=len(_ORDER) + 1)
COMMANDS: dict[str, Group] = {}
"""First word of a command -> where it stands in ``cuvee --help``, in this order."""

for _at, (_title, _words) in enumerate(_ORDER.items()):
    COMMANDS |= dict.fromkeys(_words.split(), Group(_title, sort_key=_at))

_TITLES = {
    "Input": "data run row_id recipe corpus columns dialect strict row_mb limit name size allow_code allow_key",
    "Choice": (
        "budget method settings space quota given embedder tokenizer scores arms reference same seeds level pair_seeds metrics "
        "together primary plan confirm over unit "
        "imbalance duplicates noise per_task pool_tasks pool_rows questions unseen half longest randoms "
        "alpha blends clusters density real_share tasks pairing align as_ weight init per_round rounds strategy whiten "
        "start patience goal per_cluster episodes subset every repeats "
        "trials distilled control probes random_start final_picks goal_test goal_rows reward policy ppo "
        "rating library rating_column rating_scale correct "
        "merging good share smallest largest mean at_most offline kinds variants "
        "merged noisy rows against lm_eval lm_eval_plain loss_only run_code"
    ),
    "Cleaning": "near near_vectors decontaminate contamination keep_empty keep_special drop_truncated",
    "Model": "model aux max_length max_new_tokens temperature top_p batch_tokens device precision",
    "Training": (
        "epochs steps final_steps least_steps most_steps tokens lr lrs trunk schedule warmup batch weight_decay clip lora "
        "micro_tokens packing replay save_every report_to "
        "grpo_steps group prompts grpo_lr kl quality alignment format_weight aligned_by alike voters"
    ),
    "Judge": "held_out on judged base_url judge_model judge_settings max_tokens_spent judge",
    "Output": "format file draws seed engine workers dry_run replace out quiet json open",
}
GROUPS: dict[str, Group] = {}
"""Option -> its group, in the order in which a reader meets them."""

for _at, (_title, _options) in enumerate(_TITLES.items()):
    GROUPS |= dict.fromkeys(_options.split(), Group(_title, sort_key=_at))

GROUPS["choice"] = GROUPS["budget"]  # of an option that is not listed here

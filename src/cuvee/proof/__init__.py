"""The proof: arms x seeds on one budget, judged on questions that no arm has seen."""

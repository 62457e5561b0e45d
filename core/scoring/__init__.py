"""Many fields of many slides: workers, ledger, survey, candidates and judgement."""

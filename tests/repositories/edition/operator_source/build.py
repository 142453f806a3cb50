raise SystemExit("no compiler for the operator")

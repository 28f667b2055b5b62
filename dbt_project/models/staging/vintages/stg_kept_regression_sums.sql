{{ kept('int_regression_sums') }}

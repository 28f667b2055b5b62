{{ metric_mart() }}

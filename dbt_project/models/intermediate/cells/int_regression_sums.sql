with

cells as (
    select * from {{ ref('int_cells') }}
    where
        product_code = 'all'
        and segment = 'all'
),

scores as (
    select * from {{ ref('int_scores') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

studies as (
    select * from {{ ref('stg_studies') }}
    where priority_method = 'regression'
),

metrics as (
    select * from {{ ref('stg_metrics') }}
    where overall_metric is not null
),

roles as (
    select
        metrics.study,
        metrics.overall_metric,
        metrics.metric
    from metrics
    inner join studies on metrics.study = studies.study
    union
    select
        metrics.study,
        metrics.overall_metric,
        metrics.overall_metric as metric
    from metrics
    inner join studies on metrics.study = studies.study
),

-- a regression is over what was asked in its cell
variables as (
    select
        cells.study,
        cells.organisation_code,
        cells.period,
        cells.channel,
        roles.overall_metric,
        roles.metric,
        count(*) over (
            partition by
                cells.study,
                cells.organisation_code,
                cells.period,
                cells.channel,
                roles.overall_metric
        ) as variables
    from cells
    inner join roles
        on cells.study = roles.study
        and cells.metric = roles.metric
),

answered as (
    select
        variables.*,
        scores.feed,
        scores.delivery,
        scores.source_row,
        scores.weight,
        scores.score,
        count(*) over (
            partition by
                variables.study,
                variables.organisation_code,
                variables.period,
                variables.channel,
                variables.overall_metric,
                scores.feed,
                scores.delivery,
                scores.source_row
        ) as answers
    from variables
    inner join periods
        on variables.study = periods.study
        and variables.period = periods.period
    inner join scores
        on variables.study = scores.study
        and variables.organisation_code = scores.organisation_code
        and variables.metric = scores.metric
        and scores.period_start between periods.period_start and periods.period_end
        and (variables.channel = 'all' or variables.channel = scores.channel)
),

complete as (
    select * from answered
    where answers = variables
),

-- decimal sums are exact, so they do not depend on the order of the rows
regression_sums as (
    select
        one.study,
        one.organisation_code,
        one.period,
        one.channel,
        one.overall_metric,
        one.metric,
        other.metric as other_metric,
        count(*) as n,
        cast(sum(one.weight) as double) as sum_weight,
        cast(sum(cast(one.weight * one.weight as decimal(28, 12))) as double)
            as sum_weight_squared,
        cast(sum(cast(one.weight * one.score as decimal(28, 12))) as double) as sum_score,
        cast(sum(cast(one.weight * one.score * other.score as decimal(28, 12))) as double)
            as sum_product
    from complete as one
    inner join complete as other
        on one.study = other.study
        and one.organisation_code = other.organisation_code
        and one.period = other.period
        and one.channel = other.channel
        and one.overall_metric = other.overall_metric
        and one.feed = other.feed
        and one.delivery = other.delivery
        and one.source_row = other.source_row
    group by
        one.study,
        one.organisation_code,
        one.period,
        one.channel,
        one.overall_metric,
        one.metric,
        other.metric
)

select * from regression_sums

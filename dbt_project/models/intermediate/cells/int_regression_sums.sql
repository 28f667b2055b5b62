with

cells as (
    select * from {{ ref('int_cells') }}
    where
        product_code = 'all'
        and segment = 'all'
),

responses as (
    select * from {{ ref('int_responses') }}
),

scores as (
    select * from {{ ref('int_scores') }}
),

kept_sums as (
    select * from {{ ref('stg_kept_regression_sums') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

years as (
    select * from {{ ref('stg_period_states') }}
    where
        period_type = 'year'
        and is_built
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
        scores.response,
        responses.weight,
        scores.score,
        count(*) over (
            partition by
                variables.study,
                variables.organisation_code,
                variables.period,
                variables.channel,
                variables.overall_metric,
                scores.response
        ) as answers
    from variables
    inner join periods
        on variables.study = periods.study
        and variables.period = periods.period
        and not periods.is_sum
    inner join responses
        on variables.study = responses.study
        and variables.organisation_code = responses.organisation_code
        and periods.period_start = responses.period_start
        and (variables.channel = 'all' or variables.channel = responses.channel)
    inner join scores
        on responses.response = scores.response
        and variables.metric = scores.metric
),

complete as (
    select * from answered
    where answers = variables
),

-- decimal sums are exact, so they do not depend on the order of the rows
own_sums as (
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
        and one.response = other.response
    group by
        one.study,
        one.organisation_code,
        one.period,
        one.channel,
        one.overall_metric,
        one.metric,
        other.metric
),

of_periods as (
    select * from own_sums
    union all
    select
        study,
        organisation_code,
        period,
        channel,
        overall_metric,
        metric,
        other_metric,
        n,
        sum_weight,
        sum_weight_squared,
        sum_score,
        sum_product
    from kept_sums
),

sums_of_quarters as (
    select
        of_periods.study,
        of_periods.organisation_code,
        years.period,
        of_periods.channel,
        of_periods.overall_metric,
        of_periods.metric,
        of_periods.other_metric,
        count(*) as quarters,
        cast(sum(of_periods.n) as bigint) as n,
        {{ sum_in_order('of_periods.sum_weight', 'of_periods.period') }} as sum_weight,
        {{ sum_in_order('of_periods.sum_weight_squared', 'of_periods.period') }}
            as sum_weight_squared,
        {{ sum_in_order('of_periods.sum_score', 'of_periods.period') }} as sum_score,
        {{ sum_in_order('of_periods.sum_product', 'of_periods.period') }} as sum_product
    from of_periods
    inner join periods
        on of_periods.study = periods.study
        and of_periods.period = periods.period
        and periods.period_type = 'quarter'
    inner join years
        on of_periods.study = years.study
        and of_periods.organisation_code = years.organisation_code
        and periods.period_start between years.period_start and years.period_end
    group by
        of_periods.study,
        of_periods.organisation_code,
        years.period,
        of_periods.channel,
        of_periods.overall_metric,
        of_periods.metric,
        of_periods.other_metric
),

-- quarters that asked different things have no regression in common
alike as (
    select *
    from sums_of_quarters
    qualify
        min(quarters) over (
            partition by study, organisation_code, period, channel, overall_metric
        ) = max(quarters) over (
            partition by study, organisation_code, period, channel, overall_metric
        )
),

regression_sums as (
    select * from own_sums
    union all
    select
        study,
        organisation_code,
        period,
        channel,
        overall_metric,
        metric,
        other_metric,
        n,
        sum_weight,
        sum_weight_squared,
        sum_score,
        sum_product
    from alike
)

select * from regression_sums

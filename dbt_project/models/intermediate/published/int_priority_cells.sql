with

cells as (
    select * from {{ ref('int_published_cells') }}
    where
        product_code = 'all'
        and segment = 'all'
),

metrics as (
    select * from {{ ref('stg_metrics') }}
    where family <> 'distribution'
),

studies as (
    select * from {{ ref('stg_studies') }}
),

built_periods as (
    select * from {{ ref('stg_period_states') }}
    where is_built
),

kept_priority_cells as (
    select * from {{ ref('stg_kept_priority_cells') }}
),

changed_pairs as (
    select * from {{ ref('int_changed_pairs') }}
),

importance as (
    select * from {{ ref('int_importance') }}
),

-- where both metrics have a row, there is a pair to judge
candidates as (
    select
        cells.study,
        cells.organisation_code,
        cells.period,
        cells.period_type,
        cells.period_start,
        cells.channel,
        cells.metric,
        aspects.overall_metric,
        cells.status = 'published' and overall_cells.status = 'published' as is_shown,
        cells.value as satisfaction,
        cells.n as answered,
        overall_cells.n as answered_overall,
        sqrt(cells.variance * overall_cells.variance) as spread,
        studies.min_n,
        studies.priority_min_n
    from cells
    inner join built_periods
        on cells.study = built_periods.study
        and cells.organisation_code = built_periods.organisation_code
        and cells.period = built_periods.period
    inner join metrics as aspects
        on cells.study = aspects.study
        and cells.metric = aspects.metric
    inner join cells as overall_cells
        on cells.study = overall_cells.study
        and cells.organisation_code = overall_cells.organisation_code
        and cells.period = overall_cells.period
        and cells.channel = overall_cells.channel
        and aspects.overall_metric = overall_cells.metric
    inner join studies on cells.study = studies.study
),

with_importance as (
    select
        candidates.*,
        coalesce(importance.n, 0) as n,
        importance.n_effective,
        importance.importance,
        importance.importance_method,
        candidates.is_shown and changed_pairs.study is null as is_open
    from candidates
    left join importance
        on candidates.study = importance.study
        and candidates.organisation_code = importance.organisation_code
        and candidates.period = importance.period
        and candidates.channel = importance.channel
        and candidates.metric = importance.metric
    left join changed_pairs
        on candidates.study = changed_pairs.study
        and candidates.organisation_code = changed_pairs.organisation_code
        and candidates.period = changed_pairs.period
        and candidates.channel = changed_pairs.channel
        and candidates.metric = changed_pairs.metric
),

-- one by one, what those who answered only one of the two said could be worked back from a figure
-- to its last digit; with an interval of at least one point in the sum of products, it cannot
with_decimals as (
    select
        *,
        answered - n between 1 and min_n - 1
        or answered_overall - n between 1 and min_n - 1 as is_rounded,
        case
            when n * spread >= 100 then 2
            when n * spread >= 10 then 1
        end as decimals
    from with_importance
),

judged as (
    select
        *,
        case
            when is_rounded then {{ round_half_away('importance', 'decimals') }} else importance
        end as told_importance,
        is_open and n between 1 and min_n - 1 as is_small,
        is_open
        and n >= priority_min_n
        and n_effective >= priority_min_n / 2.0 as is_enough
    from with_decimals
),

-- a year is judged beside its quarters, those that are final too
parts as (
    select
        study,
        organisation_code,
        period,
        period_type,
        period_start,
        channel,
        metric,
        n,
        is_small,
        is_enough
    from judged
    union all
    select
        study,
        organisation_code,
        period,
        period_type,
        period_start,
        channel,
        metric,
        pairs as n,
        is_small,
        status = 'published' as is_enough
    from kept_priority_cells
    where period_type = 'quarter'
),

-- a cell and each total that it is in
totals as (
    select
        part.study,
        part.organisation_code,
        part.metric,
        part.period as part_period,
        part.channel as part_channel,
        part.n as part_n,
        part.is_small,
        part.is_enough,
        total.period,
        total.channel,
        total.n,
        total.min_n,
        case
            when part.period = total.period then 'channel'
            when part.channel = total.channel then 'period'
        end as partition
    from parts as part
    inner join judged as total
        on part.study = total.study
        and part.organisation_code = total.organisation_code
        and part.metric = total.metric
        and (part.channel = total.channel or total.channel = 'all')
        and (
            part.period = total.period
            or (
                part.period_type = 'quarter'
                and total.period_type = 'year'
                and part.period_start >= total.period_start
                and year(part.period_start) = year(total.period_start)
            )
        )
        and (part.channel <> total.channel or part.period <> total.period)
    where total.is_enough
),

-- the n of a total and of its other parts would tell that of a small one
over_small_parts as (
    select
        study,
        organisation_code,
        metric,
        period,
        channel
    from totals
    where is_small
    group by study, organisation_code, metric, period, channel
),

told_parts as (
    select
        totals.*,
        totals.is_enough and over_small_parts.study is null as is_told
    from totals
    left join over_small_parts
        on totals.study = over_small_parts.study
        and totals.organisation_code = over_small_parts.organisation_code
        and totals.metric = over_small_parts.metric
        and totals.part_period = over_small_parts.period
        and totals.part_channel = over_small_parts.channel
),

-- and what its parts leave of it would tell of a few
over_small_remainders as (
    select
        study,
        organisation_code,
        metric,
        period,
        channel
    from told_parts
    where partition is not null
    group by study, organisation_code, metric, period, channel, partition, n, min_n
    having
        n - coalesce(sum(part_n) filter (where is_told), 0) between 1 and min_n - 1
),

-- with a total, the totals that it is in
spoiled as (
    select
        study,
        organisation_code,
        metric,
        period,
        channel
    from over_small_parts
    union
    select
        study,
        organisation_code,
        metric,
        period,
        channel
    from over_small_remainders
    union
    select
        totals.study,
        totals.organisation_code,
        totals.metric,
        totals.period,
        totals.channel
    from totals
    inner join over_small_remainders
        on totals.study = over_small_remainders.study
        and totals.organisation_code = over_small_remainders.organisation_code
        and totals.metric = over_small_remainders.metric
        and totals.part_period = over_small_remainders.period
        and totals.part_channel = over_small_remainders.channel
),

judged_cells as (
    select
        judged.study,
        judged.organisation_code,
        judged.period,
        judged.period_type,
        judged.period_start,
        judged.channel,
        judged.metric,
        judged.overall_metric,
        judged.n as pairs,
        judged.is_small,
        case when judged.is_enough and spoiled.study is null then judged.n end as n,
        case when judged.is_enough and spoiled.study is null then judged.satisfaction end
            as satisfaction,
        case when judged.is_enough and spoiled.study is null then judged.told_importance end
            as importance,
        case
            when
                judged.is_enough and spoiled.study is null and judged.told_importance is not null
                then judged.importance_method
        end as importance_method,
        case
            when judged.is_enough and spoiled.study is null then 'published' else 'suppressed'
        end as status
    from judged
    left join spoiled
        on judged.study = spoiled.study
        and judged.organisation_code = spoiled.organisation_code
        and judged.metric = spoiled.metric
        and judged.period = spoiled.period
        and judged.channel = spoiled.channel
),

priority_cells as (
    select * from judged_cells
    union all
    select
        study,
        organisation_code,
        period,
        period_type,
        period_start,
        channel,
        metric,
        overall_metric,
        pairs,
        is_small,
        n,
        satisfaction,
        importance,
        importance_method,
        status
    from kept_priority_cells
)

select * from priority_cells

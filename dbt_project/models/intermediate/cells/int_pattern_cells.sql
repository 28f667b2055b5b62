with

response_cells as (
    select * from {{ ref('int_response_cells') }}
),

cells as (
    select * from {{ ref('int_cells') }}
),

answer_cells as (
    select * from {{ ref('int_answer_cells') }}
),

kept_cells as (
    select * from {{ ref('stg_kept_pattern_cells') }}
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

metrics as (
    select * from {{ ref('stg_metrics') }}
),

metric_questions as (
    select * from {{ ref('stg_metric_questions') }}
),

metric_bands as (
    select * from {{ ref('stg_metric_bands') }}
),

questions as (
    select * from {{ ref('stg_questions') }}
),

scales as (
    select * from {{ ref('stg_scales') }}
),

scale_values as (
    select * from {{ ref('stg_scale_values') }}
),

scale_ends as (
    select
        scales.scale,
        coalesce(scales.minimum, min(scale_values.number)) as low,
        coalesce(scales.maximum, max(scale_values.number)) as high
    from scales
    left join scale_values on scales.scale = scale_values.scale
    group by scales.scale, scales.minimum, scales.maximum
),

-- who gave no answer may be in the base of a share with a score of 0; in a mean, a band without
-- points leaves its answers as they are
ends_of_points as (
    select
        metric_bands.study,
        metric_bands.metric,
        case
            when metrics.family = 'mean'
                then min(coalesce(metric_bands.points, metric_bands.lower_bound))
            else least(min(metric_bands.points), 0)
        end as low,
        case
            when metrics.family = 'mean'
                then max(coalesce(metric_bands.points, metric_bands.upper_bound))
            else greatest(max(metric_bands.points), 0)
        end as high
    from metric_bands
    inner join metrics
        on metric_bands.study = metrics.study
        and metric_bands.metric = metrics.metric
    where metrics.family in ('mean', 'net', 'share')
    group by metric_bands.study, metric_bands.metric, metrics.family
),

ends_of_answers as (
    select
        metric_questions.study,
        metric_questions.metric,
        min(scale_ends.low) as low,
        max(scale_ends.high) as high
    from metric_questions
    inner join questions
        on metric_questions.study = questions.study
        and metric_questions.question = questions.question
    inner join scale_ends on questions.scale = scale_ends.scale
    group by metric_questions.study, metric_questions.metric
),

score_ends as (
    select
        metrics.study,
        metrics.metric,
        metrics.disclosure_group,
        case metrics.family when 'composite' then 'mean' else metrics.family end as kind,
        coalesce(ends_of_points.low, ends_of_answers.low) as low,
        coalesce(ends_of_points.high, ends_of_answers.high) as high
    from metrics
    left join ends_of_points
        on metrics.study = ends_of_points.study
        and metrics.metric = ends_of_points.metric
    left join ends_of_answers
        on metrics.study = ends_of_answers.study
        and metrics.metric = ends_of_answers.metric
    where metrics.family <> 'distribution'
),

-- what is carried is shown and hidden with its group, and decides nothing
measures (disclosure_group, measure, kind) as (
    values
    ('responses', 'responses', 'count'),
    ('responses', 'reviews', 'carried'),
    ('responses', 'tips', 'carried'),
    ('invitations', 'responses_invited', 'count'),
    ('invitations', 'duplicates', 'carried'),
    ('invitations', 'incomplete', 'carried'),
    ('invitations', 'invited', 'carried'),
    ('invitations', 'undeliverable', 'carried'),
    ('invitations', 'opted_out', 'carried')
),

counted as (
    select
        response_cells.*,
        measures.disclosure_group,
        measures.measure,
        measures.kind,
        case measures.measure
            when 'responses' then response_cells.responses
            when 'reviews' then response_cells.reviews
            when 'tips' then response_cells.tips
            when 'responses_invited' then response_cells.responses_invited
            when 'duplicates' then response_cells.duplicates
            when 'incomplete' then response_cells.incomplete
            when 'invited' then response_cells.invited
            when 'undeliverable' then response_cells.undeliverable
            when 'opted_out' then response_cells.opted_out
        end as n
    from response_cells
    cross join measures
    where
        case
            -- nobody is known by the method of approach who was not invited
            when response_cells.segment = 'method' then measures.disclosure_group = 'invitations'
            when response_cells.segment <> 'all' then measures.disclosure_group = 'responses'
            else true
        end
        and (
            measures.measure not in ('duplicates', 'incomplete')
            or (response_cells.channel = 'all' and response_cells.product_code = 'all')
        )
),

counts as (
    select
        {{ cell() }},
        disclosure_group,
        measure,
        kind,
        cast(null as varchar) as answer,
        n,
        cast(n as double) as weight,
        cast(n as double) as weight_squared,
        cast(null as double) as total,
        cast(null as double) as total_squared,
        cast(null as double) as low,
        cast(null as double) as high
    from counted
),

figures as (
    select
        {{ cell('cells') }},
        score_ends.disclosure_group,
        cells.metric as measure,
        score_ends.kind,
        cast(null as varchar) as answer,
        cells.n,
        cast(cells.sum_weight as double) as weight,
        cast(cells.sum_weight_squared as double) as weight_squared,
        cast(cells.sum_score as double) as total,
        cast(cells.sum_score_squared as double) as total_squared,
        score_ends.low,
        score_ends.high
    from cells
    inner join score_ends
        on cells.study = score_ends.study
        and cells.metric = score_ends.metric
),

distributions as (
    select
        {{ cell('answer_cells') }},
        metrics.disclosure_group,
        concat('distribution of ', answer_cells.metric) as measure,
        'distribution' as kind,
        answer_cells.answer,
        answer_cells.n,
        cast(answer_cells.sum_weight as double) as weight,
        cast(answer_cells.sum_weight_squared as double) as weight_squared,
        cast(answer_cells.sum_weight_of_answer as double) as total,
        cast(answer_cells.sum_weight_of_answer as double) as total_squared,
        cast(0 as double) as low,
        cast(1 as double) as high
    from answer_cells
    inner join metrics
        on answer_cells.study = metrics.study
        and answer_cells.metric = metrics.metric
        and metrics.family = 'distribution'
),

measured as (
    select * from counts
    union all
    select * from figures
    union all
    select * from distributions
),

judged_now as (
    select
        study,
        organisation_code,
        period,
        channel,
        product_code,
        {{ segment_label('segment', 'segment_value') }} as segment,
        disclosure_group,
        measure,
        kind,
        answer,
        n,
        weight * weight / nullif(weight_squared, 0) as n_effective,
        weight,
        total,
        total_squared,
        low,
        high
    from measured
),

-- a year is judged beside its quarters, those that are final too
judged_before as (
    select
        kept_cells.study,
        kept_cells.organisation_code,
        kept_cells.period,
        kept_cells.channel,
        kept_cells.product_code,
        kept_cells.segment,
        kept_cells.disclosure_group,
        kept_cells.measure,
        kept_cells.kind,
        kept_cells.answer,
        kept_cells.n,
        kept_cells.n_effective,
        kept_cells.weight,
        kept_cells.total,
        kept_cells.total_squared,
        kept_cells.low,
        kept_cells.high
    from kept_cells
    inner join periods
        on kept_cells.study = periods.study
        and kept_cells.period = periods.period
        and periods.period_type = 'quarter'
    inner join years
        on kept_cells.study = years.study
        and kept_cells.organisation_code = years.organisation_code
        and periods.period_start between years.period_start and years.period_end
),

pattern_cells as (
    select * from judged_now
    union all
    select * from judged_before
)

select * from pattern_cells

{{ config(materialized='view') }}

with

responses as (
    select * from {{ ref('int_responses') }}
),

places as (
    select * from {{ ref('int_places') }}
),

answered_invitations as (
    select * from {{ ref('int_gross_sample') }}
    where is_answered
),

scores as (
    select * from {{ ref('int_scores') }}
),

answers as (
    select * from {{ ref('int_answers') }}
),

scope as (
    select * from {{ ref('int_metric_scope') }}
    where family = 'distribution'
),

periods as (
    select * from {{ ref('int_periods') }}
    where not is_sum
),

aspects as (
    select * from {{ ref('stg_metrics') }}
    where overall_metric is not null
),

given as (
    select distinct
        answers.study,
        answers.organisation_code,
        answers.period_start,
        answers.channel,
        answers.product_code,
        concat('distribution of ', answers.question) as measure,
        answers.respondent,
        answers.weight,
        answers.code
    from answers
    inner join scope
        on answers.feed = scope.feed
        and answers.question = scope.metric
    where answers.code is not null
),

contributed as (
    select
        responses.study,
        responses.organisation_code,
        responses.period_start,
        places.channel,
        places.product_code,
        places.segment,
        places.segment_value,
        'responses' as measure,
        responses.respondent,
        {{ fingerprint(['responses.has_review', 'responses.has_tip', 'responses.weight']) }}
            as content
    from responses
    inner join places
        on responses.feed = places.feed
        and responses.delivery = places.delivery
        and responses.source_row = places.source_row
    union all
    select
        study,
        organisation_code,
        period_start,
        channel,
        product_code,
        'all' as segment,
        'all' as segment_value,
        'responses_invited' as measure,
        respondent,
        {{ fingerprint(['outcome']) }} as content
    from answered_invitations
    union all
    select
        study,
        organisation_code,
        period_start,
        null as channel,
        null as product_code,
        'method' as segment,
        method as segment_value,
        'responses_invited' as measure,
        respondent,
        {{ fingerprint(['outcome']) }} as content
    from answered_invitations
    where method is not null
    union all
    select
        scores.study,
        scores.organisation_code,
        scores.period_start,
        places.channel,
        places.product_code,
        places.segment,
        places.segment_value,
        scores.metric as measure,
        scores.respondent,
        {{ fingerprint(['cast(scores.score as decimal(28, 12))', 'scores.weight']) }} as content
    from scores
    inner join places
        on scores.feed = places.feed
        and scores.delivery = places.delivery
        and scores.source_row = places.source_row
    union all
    select
        study,
        organisation_code,
        period_start,
        channel,
        product_code,
        'all' as segment,
        'all' as segment_value,
        measure,
        respondent,
        {{ fingerprint_of_all(fingerprint(['weight', 'code'])) }} as content
    from given
    group by
        study,
        organisation_code,
        period_start,
        channel,
        product_code,
        measure,
        respondent
    union all
    select
        aspect.study,
        aspect.organisation_code,
        aspect.period_start,
        aspect.channel,
        null as product_code,
        'all' as segment,
        'all' as segment_value,
        concat('pairs of ', aspect.metric) as measure,
        aspect.respondent,
        {{ fingerprint([
            'cast(aspect.score as decimal(28, 12))',
            'cast(overall.score as decimal(28, 12))',
            'aspect.weight',
        ]) }} as content
    from scores as aspect
    inner join aspects
        on aspect.study = aspects.study
        and aspect.metric = aspects.metric
    inner join scores as overall
        on aspect.feed = overall.feed
        and aspect.delivery = overall.delivery
        and aspect.source_row = overall.source_row
        and aspects.overall_metric = overall.metric
),

contributions as (
    select
        contributed.study,
        contributed.organisation_code,
        periods.period,
        coalesce(contributed.channel, 'all') as channel,
        coalesce(contributed.product_code, 'all') as product_code,
        {{ segment_label('contributed.segment', 'contributed.segment_value') }} as segment,
        contributed.measure,
        contributed.respondent,
        contributed.content
    from contributed
    inner join periods
        on contributed.study = periods.study
        and contributed.period_start = periods.period_start
)

select * from contributions

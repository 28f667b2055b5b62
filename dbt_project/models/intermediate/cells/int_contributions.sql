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
        answers.response,
        answers.question,
        answers.code,
        responses.weight
    from answers
    inner join scope
        on answers.feed = scope.feed
        and answers.question = scope.metric
    inner join responses on answers.response = responses.response
    where answers.code is not null
),

-- many give the same answer: what it is known by is computed once
codes as (
    select
        weight,
        code,
        {{ fingerprint(['weight', 'code']) }} as content
    from given
    group by weight, code
),

chosen as (
    select
        given.response,
        concat('distribution of ', given.question) as measure,
        {{ fingerprint_of_all('codes.content') }} as content
    from given
    inner join codes
        on given.weight = codes.weight
        and given.code = codes.code
    group by given.response, given.question
),

scored as (
    select
        scores.response,
        scores.metric,
        scores.score,
        responses.weight
    from scores
    inner join responses on scores.response = responses.response
),

single_scores as (
    select
        score,
        weight,
        {{ fingerprint(['cast(score as decimal(28, 12))', 'weight']) }} as content
    from scored
    group by score, weight
),

pairs as (
    {{ score_pairs('scores', 'responses', 'aspects') }}
),

paired as (
    select
        pairs.*,
        responses.weight
    from pairs
    inner join responses on pairs.response = responses.response
),

pairs_of_scores as (
    select
        score,
        overall_score,
        weight,
        {{ fingerprint([
            'cast(score as decimal(28, 12))',
            'cast(overall_score as decimal(28, 12))',
            'weight',
        ]) }} as content
    from paired
    group by score, overall_score, weight
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
    inner join places on responses.response = places.response
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
        responses.study,
        responses.organisation_code,
        responses.period_start,
        places.channel,
        places.product_code,
        places.segment,
        places.segment_value,
        scored.metric as measure,
        responses.respondent,
        single_scores.content
    from scored
    inner join single_scores
        on scored.score = single_scores.score
        and scored.weight = single_scores.weight
    inner join responses on scored.response = responses.response
    inner join places on scored.response = places.response
    union all
    select
        responses.study,
        responses.organisation_code,
        responses.period_start,
        responses.channel,
        responses.product_code,
        'all' as segment,
        'all' as segment_value,
        chosen.measure,
        responses.respondent,
        chosen.content
    from chosen
    inner join responses on chosen.response = responses.response
    union all
    select
        responses.study,
        responses.organisation_code,
        responses.period_start,
        responses.channel,
        null as product_code,
        'all' as segment,
        'all' as segment_value,
        concat('pairs of ', paired.metric) as measure,
        responses.respondent,
        pairs_of_scores.content
    from paired
    inner join pairs_of_scores
        on paired.score = pairs_of_scores.score
        and paired.overall_score = pairs_of_scores.overall_score
        and paired.weight = pairs_of_scores.weight
    inner join responses on paired.response = responses.response
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

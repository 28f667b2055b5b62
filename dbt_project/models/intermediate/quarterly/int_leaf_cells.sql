{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ delete_stale_quarters() }}"
) }}

with

versions as (
    select * from {{ ref('int_quarter_versions') }}
    where {{ is_missing_quarter('period_start') }}
),

responses as (
    select * from {{ ref('int_responses') }}
),

places as (
    select * from {{ ref('int_places') }}
),

scope as (
    select * from {{ ref('int_metric_scope') }}
),

scores as (
    select * from {{ ref('int_scores') }}
),

-- a cell in which a metric was asked exists, answered or not
asked as (
    select distinct
        responses.study,
        responses.organisation_code,
        responses.period_start,
        places.channel,
        places.product_code,
        places.segment,
        places.segment_value,
        scope.metric
    from responses
    inner join versions on responses.period_start = versions.period_start
    inner join places
        on responses.feed = places.feed
        and responses.delivery = places.delivery
        and responses.source_row = places.source_row
    inner join scope
        on responses.study = scope.study
        and responses.feed = scope.feed
    where scope.family <> 'distribution'
),

-- decimal sums are exact, so they do not depend on the order of the rows
answered as (
    select
        scores.study,
        scores.organisation_code,
        scores.period_start,
        places.channel,
        places.product_code,
        places.segment,
        places.segment_value,
        scores.metric,
        count(*) as n,
        sum(scores.weight) as sum_weight,
        sum(cast(scores.weight * scores.weight as decimal(28, 12))) as sum_weight_squared,
        sum(cast(scores.weight * scores.score as decimal(28, 12))) as sum_score,
        sum(cast(scores.weight * scores.score * scores.score as decimal(28, 12)))
            as sum_score_squared
    from scores
    inner join versions on scores.period_start = versions.period_start
    inner join places
        on scores.feed = places.feed
        and scores.delivery = places.delivery
        and scores.source_row = places.source_row
    group by
        scores.study,
        scores.organisation_code,
        scores.period_start,
        places.channel,
        places.product_code,
        places.segment,
        places.segment_value,
        scores.metric
),

cells as (
    select
        asked.study,
        asked.organisation_code,
        asked.period_start,
        asked.channel,
        asked.product_code,
        asked.segment,
        asked.segment_value,
        asked.metric,
        coalesce(answered.n, 0) as n,
        coalesce(answered.sum_weight, 0) as sum_weight,
        coalesce(answered.sum_weight_squared, 0) as sum_weight_squared,
        coalesce(answered.sum_score, 0) as sum_score,
        coalesce(answered.sum_score_squared, 0) as sum_score_squared,
        versions.version,
        '{{ invocation_id }}' as built_by
    from asked
    inner join versions on asked.period_start = versions.period_start
    left join answered
        on asked.study = answered.study
        and asked.organisation_code = answered.organisation_code
        and asked.period_start = answered.period_start
        and asked.channel is not distinct from answered.channel
        and asked.product_code is not distinct from answered.product_code
        and asked.segment = answered.segment
        and asked.segment_value = answered.segment_value
        and asked.metric = answered.metric
)

select * from cells

{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ delete_stale_quarters() }}"
) }}

with

versions as (
    select * from {{ ref('int_quarter_versions') }}
),

responses as (
    select * from {{ ref('int_responses') }}
    where {{ is_missing_quarter('period_start') }}
),

places as (
    select * from {{ ref('int_places') }}
),

scope as (
    select * from {{ ref('int_metric_scope') }}
    where family <> 'distribution'
),

scores as (
    select * from {{ ref('int_scores') }}
),

placed as (
    select
        responses.response,
        responses.study,
        responses.feed,
        responses.organisation_code,
        responses.period_start,
        responses.weight,
        places.channel,
        places.product_code,
        places.segment,
        places.segment_value
    from responses
    inner join places on responses.response = places.response
),

-- numbered, as millions of scores are then summed by a number instead of seven texts
leaves as materialized (
    select
        row_number() over () as leaf,
        study,
        organisation_code,
        period_start,
        channel,
        product_code,
        segment,
        segment_value
    from placed
    group by
        study,
        organisation_code,
        period_start,
        channel,
        product_code,
        segment,
        segment_value
),

members as materialized (
    select
        leaves.leaf,
        placed.response,
        placed.feed,
        placed.weight,
        cast(placed.weight * placed.weight as decimal(28, 12)) as weight_squared
    from placed
    inner join leaves
        on placed.study = leaves.study
        and placed.organisation_code = leaves.organisation_code
        and placed.period_start = leaves.period_start
        and placed.channel is not distinct from leaves.channel
        and placed.product_code is not distinct from leaves.product_code
        and placed.segment = leaves.segment
        and placed.segment_value = leaves.segment_value
),

feeds_of_leaves as (
    select distinct
        leaf,
        feed
    from members
),

-- a cell in which a metric was asked exists, answered or not
asked as (
    select distinct
        feeds_of_leaves.leaf,
        scope.metric
    from feeds_of_leaves
    inner join scope on feeds_of_leaves.feed = scope.feed
),

-- decimal sums are exact, so they do not depend on the order of the rows
answered as (
    select
        members.leaf,
        scores.metric,
        count(*) as n,
        sum(members.weight) as sum_weight,
        sum(members.weight_squared) as sum_weight_squared,
        sum(cast(members.weight * scores.score as decimal(28, 12))) as sum_score,
        sum(cast(members.weight * scores.score * scores.score as decimal(28, 12)))
            as sum_score_squared
    from scores
    inner join members on scores.response = members.response
    group by members.leaf, scores.metric
),

cells as (
    select
        leaves.study,
        leaves.organisation_code,
        leaves.period_start,
        leaves.channel,
        leaves.product_code,
        leaves.segment,
        leaves.segment_value,
        asked.metric,
        coalesce(answered.n, 0) as n,
        coalesce(answered.sum_weight, 0) as sum_weight,
        coalesce(answered.sum_weight_squared, 0) as sum_weight_squared,
        coalesce(answered.sum_score, 0) as sum_score,
        coalesce(answered.sum_score_squared, 0) as sum_score_squared,
        versions.version,
        '{{ invocation_id }}' as built_by
    from asked
    inner join leaves on asked.leaf = leaves.leaf
    inner join versions on leaves.period_start = versions.period_start
    left join answered
        on asked.leaf = answered.leaf
        and asked.metric = answered.metric
)

select * from cells

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

aspects as (
    select * from {{ ref('stg_metrics') }}
    where overall_metric is not null
),

scores as (
    select * from {{ ref('int_scores') }}
),

pairs as (
    {{ score_pairs('scores', 'responses', 'aspects') }}
),

-- numbered, as millions of pairs are then summed by a number instead of four texts
leaves as materialized (
    select
        row_number() over () as leaf,
        study,
        organisation_code,
        period_start,
        channel
    from responses
    group by study, organisation_code, period_start, channel
),

members as (
    select
        leaves.leaf,
        responses.response,
        responses.weight,
        cast(responses.weight * responses.weight as decimal(28, 12)) as weight_squared
    from responses
    inner join leaves
        on responses.study = leaves.study
        and responses.organisation_code = leaves.organisation_code
        and responses.period_start = leaves.period_start
        and responses.channel is not distinct from leaves.channel
),

-- decimal sums are exact, so they do not depend on the order of the rows
sums as (
    select
        members.leaf,
        pairs.metric,
        count(*) as n,
        sum(members.weight) as sum_weight,
        sum(members.weight_squared) as sum_weight_squared,
        sum(cast(members.weight * pairs.score as decimal(28, 12))) as sum_score,
        sum(cast(members.weight * pairs.score * pairs.score as decimal(28, 12)))
            as sum_score_squared,
        sum(cast(members.weight * pairs.overall_score as decimal(28, 12))) as sum_overall,
        sum(cast(members.weight * pairs.overall_score * pairs.overall_score as decimal(28, 12)))
            as sum_overall_squared,
        sum(cast(members.weight * pairs.score * pairs.overall_score as decimal(28, 12)))
            as sum_product
    from pairs
    inner join members on pairs.response = members.response
    group by members.leaf, pairs.metric
),

leaf_pairs as (
    select
        leaves.study,
        leaves.organisation_code,
        leaves.period_start,
        leaves.channel,
        sums.metric,
        sums.n,
        sums.sum_weight,
        sums.sum_weight_squared,
        sums.sum_score,
        sums.sum_score_squared,
        sums.sum_overall,
        sums.sum_overall_squared,
        sums.sum_product,
        versions.version
    from sums
    inner join leaves on sums.leaf = leaves.leaf
    inner join versions on leaves.period_start = versions.period_start
)

select * from leaf_pairs

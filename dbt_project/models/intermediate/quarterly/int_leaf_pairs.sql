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

aspects as (
    select * from {{ ref('stg_metrics') }}
    where overall_metric is not null
),

scores as (
    select * from {{ ref('int_scores') }}
),

-- who answered one of the two is in no pair
pairs as (
    select
        aspect.study,
        aspect.organisation_code,
        aspect.period_start,
        aspect.channel,
        aspect.metric,
        aspect.weight,
        aspect.score,
        overall.score as overall_score
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

-- decimal sums are exact, so they do not depend on the order of the rows
leaf_pairs as (
    select
        pairs.study,
        pairs.organisation_code,
        pairs.period_start,
        pairs.channel,
        pairs.metric,
        count(*) as n,
        sum(pairs.weight) as sum_weight,
        sum(cast(pairs.weight * pairs.weight as decimal(28, 12))) as sum_weight_squared,
        sum(cast(pairs.weight * pairs.score as decimal(28, 12))) as sum_score,
        sum(cast(pairs.weight * pairs.score * pairs.score as decimal(28, 12)))
            as sum_score_squared,
        sum(cast(pairs.weight * pairs.overall_score as decimal(28, 12))) as sum_overall,
        sum(cast(pairs.weight * pairs.overall_score * pairs.overall_score as decimal(28, 12)))
            as sum_overall_squared,
        sum(cast(pairs.weight * pairs.score * pairs.overall_score as decimal(28, 12)))
            as sum_product,
        versions.version
    from pairs
    inner join versions on pairs.period_start = versions.period_start
    group by
        pairs.study,
        pairs.organisation_code,
        pairs.period_start,
        pairs.channel,
        pairs.metric,
        versions.version
)

select * from leaf_pairs

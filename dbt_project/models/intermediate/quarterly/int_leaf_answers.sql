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

scope as (
    select * from {{ ref('int_metric_scope') }}
    where family = 'distribution'
),

questions as (
    select * from {{ ref('stg_questions') }}
),

scale_values as (
    select * from {{ ref('stg_scale_values') }}
),

answers as (
    select * from {{ ref('int_answers') }}
),

options as (
    select distinct
        questions.study,
        questions.question,
        scale_values.code as answer
    from questions
    inner join scale_values on questions.scale = scale_values.scale
    where scale_values.code is not null
),

asked as (
    select distinct
        responses.study,
        responses.organisation_code,
        responses.period_start,
        responses.channel,
        scope.metric,
        options.answer
    from responses
    inner join versions on responses.period_start = versions.period_start
    inner join scope
        on responses.study = scope.study
        and responses.feed = scope.feed
    inner join options
        on scope.study = options.study
        and scope.metric = options.question
),

given as (
    select distinct
        answers.study,
        answers.organisation_code,
        answers.period_start,
        answers.channel,
        answers.question as metric,
        answers.code as answer,
        answers.feed,
        answers.delivery,
        answers.source_row,
        answers.weight
    from answers
    inner join versions on answers.period_start = versions.period_start
    inner join scope
        on answers.feed = scope.feed
        and answers.question = scope.metric
    where answers.code is not null
),

respondents as (
    select distinct
        study,
        organisation_code,
        period_start,
        channel,
        metric,
        feed,
        delivery,
        source_row,
        weight
    from given
),

bases as (
    select
        study,
        organisation_code,
        period_start,
        channel,
        metric,
        count(*) as n,
        sum(weight) as sum_weight,
        sum(cast(weight * weight as decimal(28, 12))) as sum_weight_squared
    from respondents
    group by study, organisation_code, period_start, channel, metric
),

counts as (
    select
        study,
        organisation_code,
        period_start,
        channel,
        metric,
        answer,
        sum(weight) as sum_weight
    from given
    group by study, organisation_code, period_start, channel, metric, answer
),

cells as (
    select
        asked.study,
        asked.organisation_code,
        asked.period_start,
        asked.channel,
        asked.metric,
        asked.answer,
        coalesce(bases.n, 0) as n,
        coalesce(bases.sum_weight, 0) as sum_weight,
        coalesce(bases.sum_weight_squared, 0) as sum_weight_squared,
        coalesce(counts.sum_weight, 0) as sum_weight_of_answer,
        versions.version
    from asked
    inner join versions on asked.period_start = versions.period_start
    left join bases
        on asked.study = bases.study
        and asked.organisation_code = bases.organisation_code
        and asked.period_start = bases.period_start
        and asked.channel is not distinct from bases.channel
        and asked.metric = bases.metric
    left join counts
        on asked.study = counts.study
        and asked.organisation_code = counts.organisation_code
        and asked.period_start = counts.period_start
        and asked.channel is not distinct from counts.channel
        and asked.metric = counts.metric
        and asked.answer = counts.answer
)

select * from cells

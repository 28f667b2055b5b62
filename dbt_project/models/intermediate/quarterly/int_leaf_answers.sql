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

-- numbered, as millions of answers are then counted by a number instead of four texts
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

members as materialized (
    select
        leaves.leaf,
        responses.response,
        responses.feed,
        responses.weight,
        cast(responses.weight * responses.weight as decimal(28, 12)) as weight_squared
    from responses
    inner join leaves
        on responses.study = leaves.study
        and responses.organisation_code = leaves.organisation_code
        and responses.period_start = leaves.period_start
        and responses.channel is not distinct from leaves.channel
),

feeds_of_leaves as (
    select distinct
        leaf,
        feed
    from members
),

asked as (
    select distinct
        leaves.leaf,
        scope.metric,
        options.answer
    from leaves
    inner join feeds_of_leaves on leaves.leaf = feeds_of_leaves.leaf
    inner join scope on feeds_of_leaves.feed = scope.feed
    inner join options
        on scope.study = options.study
        and scope.metric = options.question
),

given as materialized (
    select distinct
        answers.response,
        answers.question as metric,
        answers.code as answer
    from answers
    inner join members on answers.response = members.response
    inner join scope
        on answers.feed = scope.feed
        and answers.question = scope.metric
    where answers.code is not null
),

respondents as (
    select distinct
        response,
        metric
    from given
),

bases as (
    select
        members.leaf,
        respondents.metric,
        count(*) as n,
        sum(members.weight) as sum_weight,
        sum(members.weight_squared) as sum_weight_squared
    from respondents
    inner join members on respondents.response = members.response
    group by members.leaf, respondents.metric
),

counts as (
    select
        members.leaf,
        given.metric,
        given.answer,
        sum(members.weight) as sum_weight
    from given
    inner join members on given.response = members.response
    group by members.leaf, given.metric, given.answer
),

cells as (
    select
        leaves.study,
        leaves.organisation_code,
        leaves.period_start,
        leaves.channel,
        asked.metric,
        asked.answer,
        coalesce(bases.n, 0) as n,
        coalesce(bases.sum_weight, 0) as sum_weight,
        coalesce(bases.sum_weight_squared, 0) as sum_weight_squared,
        coalesce(counts.sum_weight, 0) as sum_weight_of_answer,
        versions.version
    from asked
    inner join leaves on asked.leaf = leaves.leaf
    inner join versions on leaves.period_start = versions.period_start
    left join bases
        on asked.leaf = bases.leaf
        and asked.metric = bases.metric
    left join counts
        on asked.leaf = counts.leaf
        and asked.metric = counts.metric
        and asked.answer = counts.answer
)

select * from cells

with

rules as (
    select * from {{ ref('stg_publication_rules') }}
),

responses as (
    select * from {{ ref('mart_response') }}
    where channel = 'all'
),

kpi as (
    select * from {{ ref('mart_kpi') }}
    where
        channel = 'all'
        and segment = 'all'
),

with_figures as (
    select
        responses.study,
        responses.organisation_code,
        responses.period,
        responses.product_code,
        responses.period_type,
        responses.period_start,
        responses.invited,
        responses.responses,
        responses.response_rate,
        rules.min_response_rate,
        rules.min_answers,
        rules.always_published,
        judged.value,
        second_judgement.value as second_value,
        case responses.product_code
            when 'all' then rules.norm_overall
            else rules.norm_per_product
        end as norm
    from responses
    inner join rules on responses.study = rules.study
    left join kpi as judged
        on responses.study = judged.study
        and responses.organisation_code = judged.organisation_code
        and responses.period = judged.period
        and responses.product_code = judged.product_code
        and rules.judged_metric = judged.metric
    left join kpi as second_judgement
        on responses.study = second_judgement.study
        and responses.organisation_code = second_judgement.organisation_code
        and responses.period = second_judgement.period
        and responses.product_code = second_judgement.product_code
        and rules.second_judgement_metric = second_judgement.metric
),

-- without invitations there is no response rate, which is too low; a hidden one decides nothing
with_reasons as (
    select
        *,
        case
            when responses is null then null
            when always_published then 'always_published'
            when responses >= min_answers then 'enough_answers'
            when response_rate >= min_response_rate then 'enough_response'
            when min_response_rate is not null and invited is null then null
            else 'too_few_answers'
        end as reason
    from with_figures
),

publication as (
    select
        study,
        organisation_code,
        period,
        product_code,
        period_type,
        period_start,
        case when reason is not null then responses end as responses,
        case when reason is not null then response_rate end as response_rate,
        case when reason is not null then value end as value,
        case when reason is not null and value < norm then second_value end
            as value_second_judgement,
        case when reason is not null then norm end as norm,
        reason <> 'too_few_answers' as published,
        reason,
        case when reason is null then 'suppressed' else 'published' end as status
    from with_reasons
)

select * from publication

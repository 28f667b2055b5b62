with

responses as (
    select * from {{ ref('int_published_responses') }}
    where segment = 'all'
),

studies as (
    select * from {{ ref('stg_studies') }}
),

with_population as (
    select
        responses.*,
        case
            when studies.population = 'invited' and responses.invited > 0 then responses.invited
        end as population
    from responses
    inner join studies on responses.study = studies.study
),

-- 95 % confidence, 5 points either way: n0 = 1.96^2 * 0.25 / 0.05^2 = 384.16
with_required_sample as (
    select
        *,
        cast(ceil(384.16 / (1 + (384.16 - 1) / population)) as bigint) as required_sample
    from with_population
),

response as (
    select
        study,
        organisation_code,
        period,
        channel,
        product_code,
        period_type,
        period_start,
        invited,
        undeliverable,
        opted_out,
        net_sample,
        responses,
        responses_invited,
        case
            when invited > 0
                then 100 * cast(responses_invited as double) / nullif(net_sample, 0)
        end as response_rate,
        reviews,
        tips,
        required_sample,
        -- people who were not invited are not of the sample
        responses_invited >= required_sample as required_reached,
        status
    from with_required_sample
)

select * from response

with

responses as (
    select * from {{ ref('int_published_responses') }}
    where
        is_sampled
        and channel = 'all'
        and product_code = 'all'
        and segment in ('all', 'method')
),

funnel as (
    select
        study,
        organisation_code,
        period,
        segment_value as method,
        period_type,
        period_start,
        invited + duplicates + incomplete as gross_sample,
        duplicates,
        incomplete,
        invited,
        undeliverable,
        opted_out,
        net_sample,
        responses_invited,
        100 * cast(responses_invited as double) / nullif(net_sample, 0) as response_rate,
        case when invited is null then 'suppressed' else 'published' end as status
    from responses
)

select * from funnel

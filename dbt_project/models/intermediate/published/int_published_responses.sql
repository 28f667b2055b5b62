with

response_cells as (
    select * from {{ ref('int_response_cells') }}
),

pattern as (
    select * from {{ ref('stg_pattern') }}
    where disclosure_group = 'invitations'
),

judged as (
    select
        response_cells.*,
        case when pattern.published then 'published' else 'suppressed' end as status
    from response_cells
    left join pattern
        on response_cells.study = pattern.study
        and response_cells.organisation_code = pattern.organisation_code
        and response_cells.period = pattern.period
        and response_cells.channel = pattern.channel
        and response_cells.product_code = pattern.product_code
        and response_cells.segment = pattern.segment
        and response_cells.segment_value = pattern.segment_value
),

published_responses as (
    select
        study,
        organisation_code,
        period,
        period_type,
        period_start,
        channel,
        product_code,
        segment,
        segment_value,
        status,
        case when status = 'published' then invited end as invited,
        case when status = 'published' then undeliverable end as undeliverable,
        case when status = 'published' then opted_out end as opted_out,
        case when status = 'published' then invited - undeliverable - opted_out end as net_sample,
        case when status = 'published' then responses end as responses,
        case when status = 'published' then responses_invited end as responses_invited,
        case when status = 'published' then reviews end as reviews,
        case when status = 'published' then tips end as tips
    from judged
)

select * from published_responses

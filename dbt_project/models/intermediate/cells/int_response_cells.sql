with

responses as (
    select * from {{ ref('int_responses') }}
),

places as (
    select * from {{ ref('int_places') }}
),

gross_sample as (
    select * from {{ ref('int_gross_sample') }}
),

kept_cells as (
    select * from {{ ref('stg_kept_response_cells') }}
),

periods as (
    select * from {{ ref('int_periods') }}
    where not is_sum
),

-- the gross sample, and the methods of approach, are of the organisation as a whole
places_of_addresses as (
    select
        gross_sample.*,
        case when is_invited then channel end as channel_invited,
        case when is_invited then product_code end as product_invited,
        'all' as segment,
        'all' as segment_value
    from gross_sample
    union all
    select
        gross_sample.*,
        null as channel_invited,
        null as product_invited,
        'method' as segment,
        method as segment_value
    from gross_sample
    where method is not null
),

events as (
    select
        responses.study,
        responses.organisation_code,
        responses.period_start,
        places.channel,
        places.product_code,
        places.segment,
        places.segment_value,
        1 as responses,
        case when responses.has_review then 1 else 0 end as reviews,
        case when responses.has_tip then 1 else 0 end as tips,
        0 as duplicates,
        0 as incomplete,
        0 as invited,
        0 as undeliverable,
        0 as opted_out,
        0 as responses_invited
    from responses
    inner join places on responses.response = places.response
    union all
    select
        study,
        organisation_code,
        period_start,
        channel_invited as channel,
        product_invited as product_code,
        segment,
        segment_value,
        0 as responses,
        0 as reviews,
        0 as tips,
        case when outcome = 'duplicate' then 1 else 0 end as duplicates,
        case when outcome = 'incomplete' then 1 else 0 end as incomplete,
        case when is_invited then 1 else 0 end as invited,
        case when outcome = 'undeliverable' then 1 else 0 end as undeliverable,
        case when outcome = 'opted_out' then 1 else 0 end as opted_out,
        case when is_answered then 1 else 0 end as responses_invited
    from places_of_addresses
),

own_cells as (
    {{ with_totals(
        'events',
        'periods',
        over=['channel', 'product_code'],
        keys=['segment', 'segment_value'],
        counts=[
            'responses', 'reviews', 'tips', 'duplicates', 'incomplete', 'invited', 'undeliverable',
            'opted_out', 'responses_invited',
        ],
    ) }}
),

sums_of_quarters as (
    {{ sums_of_quarters(
        'own_cells',
        'kept_cells',
        keys=['channel', 'product_code', 'segment', 'segment_value'],
        counts=[
            'responses', 'reviews', 'tips', 'duplicates', 'incomplete', 'invited', 'undeliverable',
            'opted_out', 'responses_invited',
        ],
    ) }}
),

cells as (
    select * from own_cells
    union all
    select * from sums_of_quarters
)

select * from cells

with

response_cells as (
    select * from {{ ref('int_response_cells') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

pattern as (
    select * from {{ ref('stg_pattern') }}
    where disclosure_group in ('responses', 'invitations')
),

frozen as (
    select * from {{ ref('stg_frozen') }}
),

-- what is counted of respondents goes with the cell itself, the rest with its invitations
decided as (
    select
        study,
        organisation_code,
        period,
        channel,
        product_code,
        segment,
        segment_value,
        max(status) filter (where disclosure_group = 'responses') as status_of_responses,
        max(status) filter (where disclosure_group = 'invitations') as status_of_invitations
    from pattern
    group by
        study,
        organisation_code,
        period,
        channel,
        product_code,
        segment,
        segment_value
),

as_released as (
    select
        frozen.study,
        frozen.organisation_code,
        frozen.period,
        frozen.channel,
        frozen.product_code,
        frozen.segment,
        frozen.segment_value,
        max(frozen.n) filter (where frozen.measure = 'responses') as responses,
        max(frozen.n) filter (where frozen.measure = 'reviews') as reviews,
        max(frozen.n) filter (where frozen.measure = 'tips') as tips,
        max(frozen.n) filter (where frozen.measure = 'duplicates') as duplicates,
        max(frozen.n) filter (where frozen.measure = 'incomplete') as incomplete,
        max(frozen.n) filter (where frozen.measure = 'invited') as invited,
        max(frozen.n) filter (where frozen.measure = 'undeliverable') as undeliverable,
        max(frozen.n) filter (where frozen.measure = 'opted_out') as opted_out,
        max(frozen.n) filter (where frozen.measure = 'responses_invited') as responses_invited
    from frozen
    inner join pattern
        on {{ same_cell('frozen', 'pattern') }}
        and frozen.disclosure_group = pattern.disclosure_group
        and frozen.version = pattern.version
        and pattern.status = 'frozen'
    group by
        frozen.study,
        frozen.organisation_code,
        frozen.period,
        frozen.channel,
        frozen.product_code,
        frozen.segment,
        frozen.segment_value
),

cells as (
    select
        study,
        organisation_code,
        period,
        channel,
        product_code,
        segment,
        segment_value
    from response_cells
    union
    select
        study,
        organisation_code,
        period,
        channel,
        product_code,
        segment,
        segment_value
    from as_released
),

counts as (
    select
        cells.study,
        cells.organisation_code,
        cells.period,
        cells.channel,
        cells.product_code,
        cells.segment,
        cells.segment_value,
        coalesce(
            response_cells.invited + response_cells.duplicates + response_cells.incomplete,
            as_released.invited,
            0
        ) > 0 as is_sampled,
        case decided.status_of_responses
            when 'published' then response_cells.responses
            when 'frozen' then as_released.responses
        end as responses,
        case decided.status_of_responses
            when 'published' then response_cells.reviews
            when 'frozen' then as_released.reviews
        end as reviews,
        case decided.status_of_responses
            when 'published' then response_cells.tips
            when 'frozen' then as_released.tips
        end as tips,
        case decided.status_of_invitations
            when 'published' then response_cells.duplicates
            when 'frozen' then as_released.duplicates
        end as duplicates,
        case decided.status_of_invitations
            when 'published' then response_cells.incomplete
            when 'frozen' then as_released.incomplete
        end as incomplete,
        case decided.status_of_invitations
            when 'published' then response_cells.invited
            when 'frozen' then as_released.invited
        end as invited,
        case decided.status_of_invitations
            when 'published' then response_cells.undeliverable
            when 'frozen' then as_released.undeliverable
        end as undeliverable,
        case decided.status_of_invitations
            when 'published' then response_cells.opted_out
            when 'frozen' then as_released.opted_out
        end as opted_out,
        case decided.status_of_invitations
            when 'published' then response_cells.responses_invited
            when 'frozen' then as_released.responses_invited
        end as responses_invited
    from cells
    left join decided
        on {{ same_cell('cells', 'decided') }}
    left join response_cells
        on {{ same_cell('cells', 'response_cells') }}
    left join as_released
        on {{ same_cell('cells', 'as_released') }}
),

-- a row says nothing of its invitations where those who answered them are too few to tell; that of
-- a method says nothing else
judged as (
    select
        counts.*,
        periods.period_type,
        periods.period_start,
        case
            when counts.segment = 'method' and counts.invited is not null then 'published'
            when counts.responses is not null then 'published'
            else 'suppressed'
        end as status
    from counts
    inner join periods
        on counts.study = periods.study
        and counts.period = periods.period
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
        is_sampled,
        status,
        case when status = 'published' then duplicates end as duplicates,
        case when status = 'published' then incomplete end as incomplete,
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

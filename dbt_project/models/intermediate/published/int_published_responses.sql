with

response_cells as (
    select * from {{ ref('int_response_cells') }}
),

pattern as (
    select * from {{ ref('stg_pattern') }}
    where disclosure_group in ('responses', 'invitations')
),

kept_responses as (
    select * from {{ ref('stg_kept_published_responses') }}
),

-- what is counted of respondents goes with the cell itself, the rest with its invitations
decided as (
    select
        {{ cell() }},
        bool_or(disclosure_group = 'responses' and status = 'published') as shows_responses,
        bool_or(disclosure_group = 'invitations' and status = 'published') as shows_invitations
    from pattern
    group by
        {{ cell() }}
),

-- a row says nothing of its invitations where those who answered them are too few to tell; that of
-- a method says nothing else
judged as (
    select
        response_cells.*,
        response_cells.invited + response_cells.duplicates + response_cells.incomplete > 0
            as is_sampled,
        case
            when response_cells.segment = 'method'
                then coalesce(decided.shows_invitations, false)
            else coalesce(decided.shows_responses, false)
        end as is_published,
        coalesce(decided.shows_responses, false) as shows_responses,
        coalesce(decided.shows_invitations, false) as shows_invitations
    from response_cells
    left join decided
        on {{ same_cell('response_cells', 'decided') }}
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
        case when is_published then 'published' else 'suppressed' end as status,
        case when is_published and shows_invitations then duplicates end as duplicates,
        case when is_published and shows_invitations then incomplete end as incomplete,
        case when is_published and shows_invitations then invited end as invited,
        case when is_published and shows_invitations then undeliverable end as undeliverable,
        case when is_published and shows_invitations then opted_out end as opted_out,
        case when is_published and shows_invitations then invited - undeliverable - opted_out end
            as net_sample,
        case when is_published and shows_responses then responses end as responses,
        case when is_published and shows_invitations then responses_invited end
            as responses_invited,
        case when is_published and shows_responses then reviews end as reviews,
        case when is_published and shows_responses then tips end as tips
    from judged
    union all
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
        duplicates,
        incomplete,
        invited,
        undeliverable,
        opted_out,
        net_sample,
        responses,
        responses_invited,
        reviews,
        tips
    from kept_responses
)

select * from published_responses

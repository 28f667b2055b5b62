with recursive

organisations as (
    select * from {{ ref('stg_organisations') }}
),

mergers as (
    select * from {{ ref('stg_organisation_mergers') }}
    where effective_from <= {{ today() }}
),

-- a merger may be followed by another
steps as (
    select
        organisation_code,
        organisation_code as current_code
    from organisations
    union all
    select
        steps.organisation_code,
        mergers.to_code as current_code
    from steps
    inner join mergers on steps.current_code = mergers.from_code
),

organisations_now as (
    select
        steps.organisation_code,
        steps.current_code
    from steps
    left join mergers on steps.current_code = mergers.from_code
    where mergers.from_code is null
)

select * from organisations_now

with

organisations as (
    select * from {{ ref('stg_organisations') }}
),

mergers as (
    select * from {{ ref('stg_organisation_mergers') }}
),

dimension as (
    select
        organisations.organisation_code,
        organisations.name,
        organisations.size_class,
        organisations.valid_from,
        organisations.valid_to,
        mergers.to_code as merged_into
    from organisations
    left join mergers on organisations.organisation_code = mergers.from_code
)

select * from dimension

with

period_states as (
    select * from {{ ref('stg_period_states') }}
    where
        is_built
        or is_released
),

release as (
    select
        study,
        organisation_code,
        period,
        state,
        released_on,
        revision,
        revised_on,
        reason
    from period_states
)

select * from release

with

period_states as (
    select * from {{ ref('stg_period_states') }}
    where is_released
),

merged_figures as (
    select * from {{ ref('int_merged_figures') }}
    where is_released
),

released as (
    select
        'own' as series,
        study,
        organisation_code,
        period
    from period_states
    union
    select
        'merged' as series,
        study,
        organisation_code,
        period
    from merged_figures
)

select * from released

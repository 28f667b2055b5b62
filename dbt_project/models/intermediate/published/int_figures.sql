with

cells as (
    select * from {{ ref('int_published_cells') }}
),

responses as (
    select * from {{ ref('int_published_responses') }}
),

metrics as (
    select * from {{ ref('stg_metrics') }}
    where family <> 'distribution'
),

studies as (
    select * from {{ ref('stg_studies') }}
),

period_states as (
    select * from {{ ref('stg_period_states') }}
),

with_population as (
    select
        cells.*,
        period_states.is_released,
        metrics.decimals,
        metrics.new_series_from,
        studies.benchmark_method,
        studies.benchmark_min_organisations,
        studies.benchmark_among,
        -- the invited are the population of the answers only if the answers are theirs
        case
            when
                studies.population = 'invited'
                and responses.responses_invited >= responses.responses
                and responses.invited >= cells.n
                then responses.invited
        end as population
    from cells
    inner join metrics
        on cells.study = metrics.study
        and cells.metric = metrics.metric
    inner join studies on cells.study = studies.study
    inner join period_states
        on cells.study = period_states.study
        and cells.organisation_code = period_states.organisation_code
        and cells.period = period_states.period
    left join responses
        on {{ same_cell('cells', 'responses') }}
),

-- margin: sd with divisor n; tests of differences: variance with divisor n - 1, which one answer
-- does not have
figures as (
    select
        *,
        {{ margin_95('variance', 'n_effective', 'n', 'population') }} as margin,
        case when n > 1 then variance / nullif(n_effective - 1, 0) end as error_variance,
        n_effective - 1 as degrees_of_freedom
    from with_population
)

select * from figures

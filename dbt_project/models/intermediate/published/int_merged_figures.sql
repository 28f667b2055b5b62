with

figures as (
    select * from {{ ref('int_figures') }}
),

responses as (
    select * from {{ ref('int_published_responses') }}
),

organisations as (
    select * from {{ ref('int_organisations_now') }}
),

-- who was invited where nobody answered is of the population too
places as (
    select
        responses.study,
        organisations.current_code,
        responses.period,
        responses.channel,
        responses.product_code,
        responses.segment,
        responses.segment_value,
        case
            when bool_and(coalesce(responses.responses_invited >= responses.responses, false))
                then sum(responses.invited)
        end as population
    from responses
    inner join organisations on responses.organisation_code = organisations.organisation_code
    group by
        responses.study,
        organisations.current_code,
        responses.period,
        responses.channel,
        responses.product_code,
        responses.segment,
        responses.segment_value
),

-- a period is published when it is for every part that has it
releases as (
    select
        figures.study,
        organisations.current_code,
        figures.period,
        bool_and(figures.is_released) as is_released
    from figures
    inner join organisations on figures.organisation_code = organisations.organisation_code
    group by figures.study, organisations.current_code, figures.period
),

-- a cell of which one part is hidden is hidden; of one part alone it is that part, to the last bit
sums as (
    select
        figures.study,
        organisations.current_code as organisation_code,
        figures.period,
        figures.channel,
        figures.product_code,
        figures.segment,
        figures.segment_value,
        figures.metric,
        min(figures.period_type) as period_type,
        min(figures.period_start) as period_start,
        min(figures.decimals) as decimals,
        min(figures.new_series_from) as new_series_from,
        count(*) as parts,
        bool_and(figures.status = 'published') as is_published,
        bool_and(figures.population is not null) as has_population,
        sum(figures.n) as n,
        min(figures.n_effective) as least_effective,
        min(figures.value) as least_value,
        min(figures.variance) as least_variance,
        {{ sum_in_order('figures.n_weighted', 'figures.organisation_code') }} as weight,
        {{ sum_in_order(
            'power(figures.n_weighted, 2) / figures.n_effective', 'figures.organisation_code'
        ) }} as weight_squared,
        {{ sum_in_order('figures.n_weighted * figures.value', 'figures.organisation_code') }}
            as score,
        {{ sum_in_order(
            'figures.n_weighted * (figures.variance + power(figures.value, 2))',
            'figures.organisation_code'
        ) }} as score_squared
    from figures
    inner join organisations on figures.organisation_code = organisations.organisation_code
    group by
        figures.study,
        organisations.current_code,
        figures.period,
        figures.channel,
        figures.product_code,
        figures.segment,
        figures.segment_value,
        figures.metric
),

means as (
    select
        sums.*,
        case
            when sums.parts = 1 then sums.least_effective
            else power(sums.weight, 2) / sums.weight_squared
        end as n_effective,
        case when sums.parts = 1 then sums.least_value else sums.score / sums.weight end as value,
        case when sums.has_population and places.population >= sums.n then places.population end
            as population,
        releases.is_released
    from sums
    inner join releases
        on sums.study = releases.study
        and sums.organisation_code = releases.current_code
        and sums.period = releases.period
    left join places
        on sums.study = places.study
        and sums.organisation_code = places.current_code
        and sums.period = places.period
        and sums.channel = places.channel
        and sums.product_code = places.product_code
        and sums.segment = places.segment
        and sums.segment_value = places.segment_value
),

-- below 1e-9 it is the rounding of equal scores, not spread
spreads as (
    select
        *,
        case
            when parts = 1 then least_variance
            when score_squared / weight - value * value < 1e-9 then 0
            else score_squared / weight - value * value
        end as variance
    from means
),

merged as (
    select
        {{ cell() }},
        metric,
        period_type,
        period_start,
        decimals,
        new_series_from,
        case when is_published then 'published' else 'suppressed' end as status,
        case when is_published then cast(n as bigint) end as n,
        case when is_published then weight end as n_weighted,
        case when is_published then value end as value,
        case
            when is_published
                then {{ margin_95('variance', 'n_effective', 'n', 'population') }}
        end as margin,
        case
            when is_published and n > 1 then variance / nullif(n_effective - 1, 0)
        end as error_variance,
        case when is_published then n_effective - 1 end as degrees_of_freedom,
        is_released
    from spreads
)

select * from merged

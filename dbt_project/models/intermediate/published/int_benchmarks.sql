with

figures as (
    select * from {{ ref('int_figures') }}
    where status = 'published'
),

organisations as (
    select * from {{ ref('stg_organisations') }}
),

-- released figures among themselves, and those of a preview with all
audiences (of_released) as (
    values (true), (false)
),

weighted as (
    select
        figures.*,
        audiences.of_released,
        case figures.benchmark_method when 'pooled' then cast(figures.n as double) else 1.0 end
            as share,
        case figures.benchmark_among when 'size_class' then organisations.size_class else 'all' end
            as compared_group
    from figures
    inner join audiences on figures.is_released or not audiences.of_released
    left join organisations on figures.organisation_code = organisations.organisation_code
),

totals as (
    select
        study,
        period,
        channel,
        product_code,
        segment,
        segment_value,
        metric,
        of_released,
        compared_group,
        count(*) as organisations,
        count(error_variance) as organisations_with_error,
        sum(share) as share,
        {{ sum_in_order('share * value', 'organisation_code') }} as value,
        {{ sum_in_order('share * share * error_variance', 'organisation_code') }} as error_variance,
        {{ sum_in_order(
            'power(share * share * error_variance, 2) / degrees_of_freedom', 'organisation_code'
        ) }} as error_spread
    from weighted
    group by
        study,
        period,
        channel,
        product_code,
        segment,
        segment_value,
        metric,
        of_released,
        compared_group
),

-- an organisation is compared with the others: the total without its own part;
-- where its size is not known, with nobody of a size class
others as (
    select
        {{ cell('weighted') }},
        weighted.metric,
        totals.organisations - 1 as organisations,
        totals.share - weighted.share as share,
        totals.value - weighted.share * weighted.value as value,
        -- as soon as the error of one of them is unknown, so is that of their mean
        case
            when totals.organisations_with_error = totals.organisations
                then greatest(
                    totals.error_variance
                    - weighted.share * weighted.share * weighted.error_variance,
                    0
                )
        end as error_variance,
        case
            when totals.organisations_with_error = totals.organisations
                then greatest(
                    totals.error_spread
                    - power(weighted.share * weighted.share * weighted.error_variance, 2)
                    / weighted.degrees_of_freedom,
                    0
                )
        end as error_spread
    from weighted
    inner join totals
        on weighted.study = totals.study
        and weighted.period = totals.period
        and weighted.channel = totals.channel
        and weighted.product_code = totals.product_code
        and weighted.segment = totals.segment
        and weighted.segment_value = totals.segment_value
        and weighted.metric = totals.metric
        and weighted.of_released = totals.of_released
        and weighted.compared_group = totals.compared_group
    where
        weighted.of_released = weighted.is_released
        and totals.organisations - 1 >= weighted.benchmark_min_organisations
),

benchmarks as (
    select
        {{ cell() }},
        metric,
        cast(organisations as integer) as benchmark_organisations,
        value / share as benchmark_value,
        error_variance / power(share, 2) as benchmark_error_variance,
        error_spread / power(share, 4) as benchmark_error_spread
    from others
)

select * from benchmarks

with

pair_cells as (
    select * from {{ ref('int_pair_cells') }}
),

coefficients as (
    select * from {{ ref('stg_coefficients') }}
),

studies as (
    select * from {{ ref('stg_studies') }}
),

moments as (
    select
        pair_cells.study,
        pair_cells.organisation_code,
        pair_cells.period,
        pair_cells.channel,
        pair_cells.metric,
        pair_cells.n,
        cast(pair_cells.sum_weight as double) as weight,
        cast(pair_cells.sum_weight_squared as double) as weight_squared,
        cast(pair_cells.sum_score as double) / cast(pair_cells.sum_weight as double) as mean,
        cast(pair_cells.sum_score_squared as double) / cast(pair_cells.sum_weight as double)
            as mean_square,
        cast(pair_cells.sum_overall as double) / cast(pair_cells.sum_weight as double)
            as overall_mean,
        cast(pair_cells.sum_overall_squared as double) / cast(pair_cells.sum_weight as double)
            as overall_mean_square,
        cast(pair_cells.sum_product as double) / cast(pair_cells.sum_weight as double)
            as mean_product
    from pair_cells
    inner join studies on pair_cells.study = studies.study
    where studies.priority_method = 'correlation'
),

variances as (
    select
        *,
        mean_square - mean * mean as variance,
        overall_mean_square - overall_mean * overall_mean as overall_variance,
        mean_product - mean * overall_mean as covariance
    from moments
),

-- below 1e-9 it is the rounding of equal scores, not spread, and nothing goes with it
correlations as (
    select
        study,
        organisation_code,
        period,
        channel,
        metric,
        n,
        weight * weight / weight_squared as n_effective,
        case
            when variance >= 1e-9 and overall_variance >= 1e-9
                then
                    greatest(
                        -1, least(1, covariance / sqrt(variance * overall_variance))
                    )
        end as importance
    from variances
),

importance as (
    select
        study,
        organisation_code,
        period,
        channel,
        metric,
        n,
        n_effective,
        importance,
        'correlation' as importance_method
    from correlations
    union all
    select
        coefficients.study,
        coefficients.organisation_code,
        coefficients.period,
        coefficients.channel,
        coefficients.metric,
        coefficients.n,
        coefficients.n_effective,
        coefficients.importance,
        coefficients.importance_method
    from coefficients
    inner join studies on coefficients.study = studies.study
    where studies.priority_method = 'regression'
)

select * from importance

with

leaf_pairs as (
    select * from {{ ref('int_leaf_pairs') }}
),

kept_cells as (
    select * from {{ ref('stg_kept_pair_cells') }}
),

periods as (
    select * from {{ ref('int_periods') }}
    where not is_sum
),

own_cells as (
    {{ with_totals(
        'leaf_pairs',
        'periods',
        over=['channel'],
        keys=['metric'],
        counts=['n'],
        sums=[
            'sum_weight', 'sum_weight_squared', 'sum_score', 'sum_score_squared', 'sum_overall',
            'sum_overall_squared', 'sum_product',
        ],
    ) }}
),

sums_of_quarters as (
    {{ sums_of_quarters(
        'own_cells',
        'kept_cells',
        keys=['channel', 'metric'],
        counts=['n'],
        sums=[
            'sum_weight', 'sum_weight_squared', 'sum_score', 'sum_score_squared', 'sum_overall',
            'sum_overall_squared', 'sum_product',
        ],
    ) }}
),

cells as (
    select * from own_cells
    union all
    select * from sums_of_quarters
)

select * from cells

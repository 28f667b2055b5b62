with

leaf_cells as (
    select * from {{ ref('int_leaf_cells') }}
),

built as (
    select distinct period_start as quarter_start
    from leaf_cells
    where built_by = '{{ invocation_id }}'
)

select * from built

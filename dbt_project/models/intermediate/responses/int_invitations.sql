{{ config(materialized='view') }}

select * from {{ ref('int_gross_sample') }}
where outcome not in ('duplicate', 'incomplete')

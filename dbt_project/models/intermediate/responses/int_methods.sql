{{ config(materialized='view') }}

with

feeds as (
    select * from {{ ref('stg_feeds') }}
    where kind = 'invitations'
),

feed_columns as (
    select * from {{ ref('stg_columns') }}
    where field = 'method'
),

scale_values as (
    select * from {{ ref('stg_scale_values') }}
),

listed as (
    select
        feeds.study,
        scale_values.code as method
    from feeds
    inner join feed_columns on feeds.feed = feed_columns.feed
    inner join scale_values on feed_columns.scale = scale_values.scale
    where scale_values.code is not null
),

methods as (
    select
        study,
        method
    from listed
    union
    select
        study,
        'unknown' as method
    from listed
)

select * from methods

using System.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Storage;
using VizPipeline.Jobs;

namespace VizPipeline.Catalog.Views;

/// <summary>The views for users of SQL. docs/sql.md describes every column.</summary>
/// <remarks>
/// Users' queries depend on them: columns are added at the end, and none is ever renamed or removed. The views are not part of the
/// migrations: after these, each view whose definition has changed is replaced. A migration that renames or rebuilds a table drops the
/// views first (<see cref="Drop"/>).
/// </remarks>
internal sealed class CatalogViews(IViewSyntax syntax)
{
    private IReadOnlyDictionary<string, string> Definitions { get; } = new Dictionary<string, string>
    {
        ["v_atlas"] =
            $"""
            SELECT a.slug AS atlas, a.name, a.state, a.priority, {syntax.Text("a.spec", "model", "model")} AS model,
                a.created_at, a.finished_at, a.cancelled_at,
                (SELECT count(*) FROM layer l WHERE l.atlas_id = a.id) AS layers,
                (SELECT coalesce(sum(l.channels), 0) FROM layer l WHERE l.atlas_id = a.id) AS neurons,
                (SELECT count(*) FROM image i WHERE i.atlas_id = a.id) AS images,
                (SELECT count(*) FROM image i WHERE i.atlas_id = a.id AND i.unreadable_reason IS NOT NULL) AS unreadable_images,
                (SELECT count(*) FROM job j WHERE j.atlas_id = a.id) AS jobs,
                (SELECT count(*) FROM job j WHERE j.atlas_id = a.id AND j.state = 'completed') AS jobs_completed,
                (SELECT count(*) FROM job j WHERE j.atlas_id = a.id AND j.state IN ('failed', 'blocked')) AS jobs_failed
            FROM atlas a
            """,
        ["v_layer"] =
            """
            SELECT a.slug AS atlas, l.name AS layer, l.layer_index, l.kind, l."operator", l.channels, l.height, l.width,
                l.field_height, l.field_width, l.stride_y, l.stride_x, l.start_y, l.start_x, l.sees_whole_input,
                l.parameters, l.depth, l.flops, l.sheet_key,
                (SELECT count(*) FROM neuron n WHERE n.layer_id = l.id AND n.dead) AS dead_neurons, l.rectified
            FROM layer l
            JOIN atlas a ON a.id = l.atlas_id
            """,
        ["v_neuron"] =
            $"""
            SELECT a.slug AS atlas, l.name AS layer, n.channel, n.name, {CreateColumns(syntax)}
            FROM neuron n
            JOIN layer l ON l.id = n.layer_id
            JOIN atlas a ON a.id = l.atlas_id
            """,
        ["v_patch"] =
            """
            SELECT a.slug AS atlas, l.name AS layer, p.channel, p.rank, i.path AS image, p.image_index,
                coalesce(c.name, CAST(i.label AS text)) AS class, p.activation, p.y, p.x,
                p.clipped_x0 AS x0, p.clipped_y0 AS y0, p.clipped_x1 AS x1, p.clipped_y1 AS y1,
                p.x0 AS field_x0, p.y0 AS field_y0, p.x1 AS field_x1, p.y1 AS field_y1, p.crop_x0, p.crop_y0, p.crop_x1,
                p.crop_y1, p.recomputed, p.mismatch
            FROM patch p
            JOIN layer l ON l.id = p.layer_id
            JOIN atlas a ON a.id = l.atlas_id
            JOIN image i ON i.atlas_id = l.atlas_id AND i.image_index = p.image_index
            LEFT JOIN image_class c ON c.atlas_id = l.atlas_id AND c.class_index = i.label
            """,
        ["v_picture"] =
            $"""
            SELECT a.slug AS atlas, l.name AS layer, p.channel, p.method, p.variant, p.seed, p."key", p.status, p.activation, p.percentile,
                p.best_step, p.steps, {syntax.Json("p.parameters")} AS parameters, p.objective
            FROM picture p
            JOIN layer l ON l.id = p.layer_id
            JOIN atlas a ON a.id = l.atlas_id
            """,
        ["v_facet"] =
            """
            SELECT a.slug AS atlas, l.name AS layer, f.channel, f.number AS facet, f.images, f.share, f.silhouette, f.mean_activation,
                f.image_indices,
                (SELECT p."key" FROM picture p WHERE p.layer_id = f.layer_id AND p.channel = f.channel AND p.method = 'facets'
                    AND p.variant = 'facet ' || f.number || ' patches') AS patches_key,
                (SELECT p."key" FROM picture p WHERE p.layer_id = f.layer_id AND p.channel = f.channel AND p.method = 'facets'
                    AND p.variant = 'facet ' || f.number || ' mean') AS mean_key,
                (SELECT p."key" FROM picture p WHERE p.layer_id = f.layer_id AND p.channel = f.channel AND p.method = 'facets'
                    AND p.variant = 'facet ' || f.number || ' ascent') AS ascent_key
            FROM facet f
            JOIN layer l ON l.id = f.layer_id
            JOIN atlas a ON a.id = l.atlas_id
            """,
        ["v_image"] =
            """
            SELECT a.slug AS atlas, i.image_index, i.path AS image, coalesce(c.name, CAST(i.label AS text)) AS class, i.class_rank,
                i.unreadable_reason
            FROM image i
            JOIN atlas a ON a.id = i.atlas_id
            LEFT JOIN image_class c ON c.atlas_id = i.atlas_id AND c.class_index = i.label
            """,
        ["v_job"] =
            $"""
            SELECT a.slug AS atlas, j.job_id AS job, j.kind, l.name AS layer, j.state, j.priority, j.units, j.attempt, j.failures, j.losses,
                j.published, j.not_before, j.sent_at, j.started_at, j.finished_at, j.elapsed_seconds, {syntax.Json("j.phases")} AS phases,
                j.worker, j.error, j.result_key
            FROM job j
            JOIN atlas a ON a.id = j.atlas_id
            LEFT JOIN layer l ON l.atlas_id = j.atlas_id AND l.layer_index = j.layer_index
            """,
        ["v_worker"] =
            """
            SELECT w.name AS worker, w.host, w.device, w.software_version, w.kinds, w.state, w.started_at, w.last_seen_at,
                w.atlas_slug AS atlas, w.job_id AS job, w.jobs_done, w.process_id, w.memory_bytes, w.devices
            FROM worker w
            """,
    };

    private static string CreateColumns(IViewSyntax syntax) =>
        string.Join(", ", NeuronFacts.Statistics.Select(statistic => CreateColumn(syntax, statistic)));

    private static string CreateColumn(IViewSyntax syntax, Statistic statistic)
    {
        var column = $"n.{statistic.Column}";
        return !statistic.Attribute.IsClass ? column
            : statistic.Property.PropertyType == typeof(int[]) ? $"{syntax.ClassNames(column, "l.atlas_id")} AS {statistic.Column}"
            : $"""
            coalesce((SELECT t.name FROM image_class t WHERE t.atlas_id = l.atlas_id AND t.class_index = {column}), CAST({column} AS text))
                AS {statistic.Column}
            """;
    }

    /// <summary>Drops all views, in a migration that alters a table in a way that views on it forbid.</summary>
    public static void Drop(MigrationBuilder migration)
    {
        // Every database has the same views.
        foreach (var name in new CatalogViews(new SqliteViewSyntax()).Definitions.Keys)
            migration.Sql($"DROP VIEW IF EXISTS {name};");
    }

    /// <summary>Returns whether every view is as this version defines it.</summary>
    public async Task<bool> AreCurrentAsync(CatalogContext context, CancellationToken cancellation)
    {
        foreach (var (name, query) in Definitions)
            if (!await IsCurrentAsync(context, name, query, cancellation))
                return false;
        return true;
    }

    /// <summary>Replaces the views that differ, all or none of them.</summary>
    public async Task ReplaceAsync(CatalogContext context, CancellationToken cancellation)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellation);
        foreach (var (name, query) in Definitions)
            if (!await IsCurrentAsync(context, name, query, cancellation))
            {
                await using var command = await CreateCommandAsync(context, syntax.Replace(name, query), cancellation);
                await command.ExecuteNonQueryAsync(cancellation);
            }
        await transaction.CommitAsync(cancellation);
    }

    private async Task<bool> IsCurrentAsync(CatalogContext context, string name, string query, CancellationToken cancellation)
    {
        await using var command = await CreateCommandAsync(context, syntax.ReadMark(name), cancellation);
        return await command.ExecuteScalarAsync(cancellation) as string == syntax.Mark(name, query);
    }

    // Not EF's raw SQL, which takes braces for parameters.
    private static async Task<System.Data.Common.DbCommand> CreateCommandAsync(
        CatalogContext context, string sql, CancellationToken cancellation)
    {
        var connection = context.Database.GetDbConnection();
        if (connection.State != ConnectionState.Open)
            await context.Database.OpenConnectionAsync(cancellation);
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = context.Database.CurrentTransaction?.GetDbTransaction();
        return command;
    }
}

/// <summary>What the databases write differently.</summary>
internal interface IViewSyntax
{
    /// <summary>A column of JSON.</summary>
    string Json(string column);

    /// <summary>A text deep inside a column of JSON.</summary>
    string Text(string column, params string[] path);

    /// <summary>The names of the classes that a list of their numbers means, in its order.</summary>
    string ClassNames(string numbers, string atlasId);

    /// <summary>Creates a view, or replaces it without a change of its rights.</summary>
    string Replace(string name, string query);

    /// <summary>A text that tells whether a view is this query.</summary>
    string Mark(string name, string query);

    /// <summary>Reads the mark of the existing view; no row or null without one.</summary>
    string ReadMark(string name);
}

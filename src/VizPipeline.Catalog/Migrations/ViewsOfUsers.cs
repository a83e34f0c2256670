using Microsoft.EntityFrameworkCore.Migrations;

namespace VizPipeline.Catalog.Migrations;

/// <summary>The views for users of SQL, as the migration "Views" makes them; docs/sql.md describes every column.</summary>
/// <remarks>
/// Queries of users depend on them: columns are added at the end, and none is ever renamed or removed. As part of a shipped migration this
/// file is not edited. A later migration drops the views first (a table that views read can hardly be altered), makes its changes, and
/// makes the views anew from a file of its own.
/// </remarks>
internal static class ViewsOfUsers
{
    private static readonly string[] Names = ["v_atlas", "v_layer", "v_neuron", "v_patch", "v_picture", "v_image", "v_job", "v_worker"];

    public static void Create(MigrationBuilder migration, IViewSyntax syntax)
    {
        foreach (var view in All(syntax))
            migration.Sql(view);
    }

    public static void Drop(MigrationBuilder migration)
    {
        foreach (var name in Names)
            migration.Sql($"DROP VIEW {name};");
    }

    private static string[] All(IViewSyntax syntax) =>
    [
        $"""
        CREATE VIEW v_atlas AS
        SELECT a.slug AS atlas, a.name, a.state, a.priority, {syntax.Text("a.spec", "model", "model")} AS model,
            a.created_at, a.finished_at, a.cancelled_at,
            (SELECT count(*) FROM layer l WHERE l.atlas_id = a.id) AS layers,
            (SELECT coalesce(sum(l.channels), 0) FROM layer l WHERE l.atlas_id = a.id) AS neurons,
            (SELECT count(*) FROM image i WHERE i.atlas_id = a.id) AS images,
            (SELECT count(*) FROM image i WHERE i.atlas_id = a.id AND i.unreadable_reason IS NOT NULL) AS unreadable_images,
            (SELECT count(*) FROM job j WHERE j.atlas_id = a.id) AS jobs,
            (SELECT count(*) FROM job j WHERE j.atlas_id = a.id AND j.state = 'completed') AS jobs_completed,
            (SELECT count(*) FROM job j WHERE j.atlas_id = a.id AND j.state IN ('failed', 'blocked')) AS jobs_failed
        FROM atlas a;
        """,
        """
        CREATE VIEW v_layer AS
        SELECT a.slug AS atlas, l.name AS layer, l.layer_index, l.kind, l."operator", l.channels, l.height, l.width,
            l.field_height, l.field_width, l.stride_y, l.stride_x, l.start_y, l.start_x, l.sees_whole_input,
            l.parameters, l.depth, l.flops, l.sheet_key,
            (SELECT count(*) FROM neuron n WHERE n.layer_id = l.id AND n.dead) AS dead_neurons
        FROM layer l
        JOIN atlas a ON a.id = l.atlas_id;
        """,
        $"""
        CREATE VIEW v_neuron AS
        SELECT a.slug AS atlas, l.name AS layer, n.channel, n.name, n.images, n.mean, n.standard_deviation, n.max, n.fraction_positive, n.dead,
            n.q50, n.q90, n.q99, n.q999, n.histogram_low, n.histogram_high, n.histogram,
            coalesce(c.name, CAST(n.best_class AS text)) AS best_class, n.best_class_mean, n.class_selectivity,
            {syntax.ClassNames("n.top_classes", "l.atlas_id")} AS top_classes, n.top_purity
        FROM neuron n
        JOIN layer l ON l.id = n.layer_id
        JOIN atlas a ON a.id = l.atlas_id
        LEFT JOIN image_class c ON c.atlas_id = l.atlas_id AND c.class_index = n.best_class;
        """,
        """
        CREATE VIEW v_patch AS
        SELECT a.slug AS atlas, l.name AS layer, p.channel, p.rank, i.path AS image, p.image_index,
            coalesce(c.name, CAST(i.label AS text)) AS class, p.activation, p.y, p.x,
            p.clipped_x0 AS x0, p.clipped_y0 AS y0, p.clipped_x1 AS x1, p.clipped_y1 AS y1,
            p.x0 AS field_x0, p.y0 AS field_y0, p.x1 AS field_x1, p.y1 AS field_y1, p.recomputed, p.mismatch
        FROM patch p
        JOIN layer l ON l.id = p.layer_id
        JOIN atlas a ON a.id = l.atlas_id
        JOIN image i ON i.atlas_id = l.atlas_id AND i.image_index = p.image_index
        LEFT JOIN image_class c ON c.atlas_id = l.atlas_id AND c.class_index = i.label;
        """,
        $"""
        CREATE VIEW v_picture AS
        SELECT a.slug AS atlas, l.name AS layer, p.channel, p.method, p.variant, p.seed, p."key", p.status, p.activation, p.percentile,
            p.best_step, p.steps, {syntax.Json("p.parameters")} AS parameters, p.objective
        FROM picture p
        JOIN layer l ON l.id = p.layer_id
        JOIN atlas a ON a.id = l.atlas_id;
        """,
        """
        CREATE VIEW v_image AS
        SELECT a.slug AS atlas, i.image_index, i.path AS image, coalesce(c.name, CAST(i.label AS text)) AS class, i.unreadable_reason
        FROM image i
        JOIN atlas a ON a.id = i.atlas_id
        LEFT JOIN image_class c ON c.atlas_id = i.atlas_id AND c.class_index = i.label;
        """,
        $"""
        CREATE VIEW v_job AS
        SELECT a.slug AS atlas, j.job_id AS job, j.kind, l.name AS layer, j.state, j.priority, j.units, j.attempt, j.failures, j.losses,
            j.published, j.not_before, j.sent_at, j.started_at, j.finished_at, j.elapsed_seconds, {syntax.Json("j.phases")} AS phases,
            j.worker, j.error, j.result_key
        FROM job j
        JOIN atlas a ON a.id = j.atlas_id
        LEFT JOIN layer l ON l.atlas_id = j.atlas_id AND l.layer_index = j.layer_index;
        """,
        """
        CREATE VIEW v_worker AS
        SELECT w.name AS worker, w.host, w.device, w.software_version, w.kinds, w.state, w.started_at, w.last_seen_at,
            w.atlas_slug AS atlas, w.job_id AS job, w.jobs_done, w.process_id, w.memory_bytes
        FROM worker w;
        """,
    ];
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
}

using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace VizPipeline.Catalog.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "atlas",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    slug = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    spec_hash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    spec = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    state = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    finished_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    seconds_by_kind = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    priority = table.Column<int>(type: "integer", nullable: false),
                    cancelled_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_atlas", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "worker",
                columns: table => new
                {
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    host = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    device = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    software_version = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    kinds = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    state = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    started_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    last_seen_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    atlas_slug = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    job_id = table.Column<long>(type: "bigint", nullable: true),
                    jobs_done = table.Column<long>(type: "bigint", nullable: false),
                    process_id = table.Column<int>(type: "integer", nullable: false),
                    memory_bytes = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_worker", x => x.name);
                });

            migrationBuilder.CreateTable(
                name: "image",
                columns: table => new
                {
                    atlas_id = table.Column<int>(type: "integer", nullable: false),
                    image_index = table.Column<int>(type: "integer", nullable: false),
                    path = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    label = table.Column<int>(type: "integer", nullable: true),
                    unreadable_reason = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_image", x => new { x.atlas_id, x.image_index });
                    table.ForeignKey(
                        name: "fk_image_atlas_atlas_id",
                        column: x => x.atlas_id,
                        principalTable: "atlas",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "job",
                columns: table => new
                {
                    atlas_id = table.Column<int>(type: "integer", nullable: false),
                    job_id = table.Column<long>(type: "bigint", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    layer_index = table.Column<int>(type: "integer", nullable: true),
                    priority = table.Column<int>(type: "integer", nullable: false),
                    units = table.Column<int>(type: "integer", nullable: false),
                    payload = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    state = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    attempt = table.Column<int>(type: "integer", nullable: false),
                    failures = table.Column<int>(type: "integer", nullable: false),
                    losses = table.Column<int>(type: "integer", nullable: false),
                    not_before = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    sent_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    published = table.Column<bool>(type: "boolean", nullable: false),
                    started_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    finished_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    elapsed_seconds = table.Column<double>(type: "double precision", nullable: true),
                    phases = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    worker = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    result_key = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    error = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_job", x => new { x.atlas_id, x.job_id });
                    table.ForeignKey(
                        name: "fk_job_atlas_atlas_id",
                        column: x => x.atlas_id,
                        principalTable: "atlas",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "layer",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    atlas_id = table.Column<int>(type: "integer", nullable: false),
                    layer_index = table.Column<int>(type: "integer", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    kind = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    @operator = table.Column<string>(name: "operator", type: "text", nullable: false, collation: "C"),
                    channels = table.Column<int>(type: "integer", nullable: false),
                    height = table.Column<int>(type: "integer", nullable: false),
                    width = table.Column<int>(type: "integer", nullable: false),
                    field_height = table.Column<int>(type: "integer", nullable: false),
                    field_width = table.Column<int>(type: "integer", nullable: false),
                    stride_y = table.Column<int>(type: "integer", nullable: false),
                    stride_x = table.Column<int>(type: "integer", nullable: false),
                    start_y = table.Column<double>(type: "double precision", nullable: false),
                    start_x = table.Column<double>(type: "double precision", nullable: false),
                    sees_whole_input = table.Column<bool>(type: "boolean", nullable: false),
                    parameters = table.Column<long>(type: "bigint", nullable: false),
                    depth = table.Column<int>(type: "integer", nullable: false),
                    flops = table.Column<long>(type: "bigint", nullable: false),
                    sheet_key = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_layer", x => x.id);
                    table.ForeignKey(
                        name: "fk_layer_atlas_atlas_id",
                        column: x => x.atlas_id,
                        principalTable: "atlas",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "neuron",
                columns: table => new
                {
                    layer_id = table.Column<int>(type: "integer", nullable: false),
                    channel = table.Column<int>(type: "integer", nullable: false),
                    images = table.Column<int>(type: "integer", nullable: true),
                    mean = table.Column<double>(type: "double precision", nullable: true),
                    standard_deviation = table.Column<double>(type: "double precision", nullable: true),
                    max = table.Column<double>(type: "double precision", nullable: true),
                    fraction_positive = table.Column<double>(type: "double precision", nullable: true),
                    dead = table.Column<bool>(type: "boolean", nullable: true),
                    q50 = table.Column<double>(type: "double precision", nullable: true),
                    q90 = table.Column<double>(type: "double precision", nullable: true),
                    q99 = table.Column<double>(type: "double precision", nullable: true),
                    q999 = table.Column<double>(type: "double precision", nullable: true),
                    histogram_low = table.Column<double>(type: "double precision", nullable: true),
                    histogram_high = table.Column<double>(type: "double precision", nullable: true),
                    histogram = table.Column<int[]>(type: "integer[]", nullable: true),
                    best_class = table.Column<int>(type: "integer", nullable: true),
                    best_class_mean = table.Column<double>(type: "double precision", nullable: true),
                    class_selectivity = table.Column<double>(type: "double precision", nullable: true),
                    top_classes = table.Column<int[]>(type: "integer[]", nullable: true),
                    top_purity = table.Column<double>(type: "double precision", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_neuron", x => new { x.layer_id, x.channel });
                    table.ForeignKey(
                        name: "fk_neuron_layer_layer_id",
                        column: x => x.layer_id,
                        principalTable: "layer",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "picture",
                columns: table => new
                {
                    layer_id = table.Column<int>(type: "integer", nullable: false),
                    channel = table.Column<int>(type: "integer", nullable: false),
                    method = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    variant = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    seed = table.Column<int>(type: "integer", nullable: false),
                    key = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    parameters = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    status = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    activation = table.Column<double>(type: "double precision", nullable: true),
                    percentile = table.Column<double>(type: "double precision", nullable: true),
                    best_step = table.Column<int>(type: "integer", nullable: true),
                    steps = table.Column<int>(type: "integer", nullable: true),
                    objective = table.Column<float[]>(type: "real[]", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_picture", x => new { x.layer_id, x.channel, x.method, x.variant, x.seed });
                    table.ForeignKey(
                        name: "fk_picture_layer_layer_id",
                        column: x => x.layer_id,
                        principalTable: "layer",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "patch",
                columns: table => new
                {
                    layer_id = table.Column<int>(type: "integer", nullable: false),
                    channel = table.Column<int>(type: "integer", nullable: false),
                    rank = table.Column<int>(type: "integer", nullable: false),
                    image_index = table.Column<int>(type: "integer", nullable: false),
                    activation = table.Column<float>(type: "real", nullable: false),
                    y = table.Column<int>(type: "integer", nullable: false),
                    x = table.Column<int>(type: "integer", nullable: false),
                    x0 = table.Column<int>(type: "integer", nullable: false),
                    y0 = table.Column<int>(type: "integer", nullable: false),
                    x1 = table.Column<int>(type: "integer", nullable: false),
                    y1 = table.Column<int>(type: "integer", nullable: false),
                    clipped_x0 = table.Column<int>(type: "integer", nullable: false),
                    clipped_y0 = table.Column<int>(type: "integer", nullable: false),
                    clipped_x1 = table.Column<int>(type: "integer", nullable: false),
                    clipped_y1 = table.Column<int>(type: "integer", nullable: false),
                    recomputed = table.Column<float>(type: "real", nullable: true),
                    mismatch = table.Column<bool>(type: "boolean", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_patch", x => new { x.layer_id, x.channel, x.rank });
                    table.ForeignKey(
                        name: "fk_patch_neuron_layer_id_channel",
                        columns: x => new { x.layer_id, x.channel },
                        principalTable: "neuron",
                        principalColumns: new[] { "layer_id", "channel" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_atlas_slug",
                table: "atlas",
                column: "slug",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_job_atlas_id_kind_layer_index_state",
                table: "job",
                columns: new[] { "atlas_id", "kind", "layer_index", "state" });

            migrationBuilder.CreateIndex(
                name: "ix_job_state_kind_priority_atlas_id_job_id",
                table: "job",
                columns: new[] { "state", "kind", "priority", "atlas_id", "job_id" });

            migrationBuilder.CreateIndex(
                name: "ix_layer_atlas_id_layer_index",
                table: "layer",
                columns: new[] { "atlas_id", "layer_index" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_layer_atlas_id_name",
                table: "layer",
                columns: new[] { "atlas_id", "name" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_patch_image_index",
                table: "patch",
                column: "image_index");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "image");

            migrationBuilder.DropTable(
                name: "job");

            migrationBuilder.DropTable(
                name: "patch");

            migrationBuilder.DropTable(
                name: "picture");

            migrationBuilder.DropTable(
                name: "worker");

            migrationBuilder.DropTable(
                name: "neuron");

            migrationBuilder.DropTable(
                name: "layer");

            migrationBuilder.DropTable(
                name: "atlas");
        }
    }
}

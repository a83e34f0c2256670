using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VizPipeline.Catalog.Migrations.Sqlite
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
                    id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    slug = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    spec_hash = table.Column<string>(type: "TEXT", nullable: false),
                    spec = table.Column<string>(type: "TEXT", nullable: false),
                    state = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    finished_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    seconds_by_kind = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_atlas", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "image",
                columns: table => new
                {
                    atlas_id = table.Column<int>(type: "INTEGER", nullable: false),
                    image_index = table.Column<int>(type: "INTEGER", nullable: false),
                    path = table.Column<string>(type: "TEXT", nullable: false),
                    label = table.Column<int>(type: "INTEGER", nullable: true),
                    unreadable_reason = table.Column<string>(type: "TEXT", nullable: true)
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
                    atlas_id = table.Column<int>(type: "INTEGER", nullable: false),
                    job_id = table.Column<long>(type: "INTEGER", nullable: false),
                    kind = table.Column<string>(type: "TEXT", nullable: false),
                    layer_index = table.Column<int>(type: "INTEGER", nullable: true),
                    priority = table.Column<int>(type: "INTEGER", nullable: false),
                    units = table.Column<int>(type: "INTEGER", nullable: false),
                    payload = table.Column<string>(type: "TEXT", nullable: false),
                    state = table.Column<string>(type: "TEXT", nullable: false),
                    attempt = table.Column<int>(type: "INTEGER", nullable: false),
                    failures = table.Column<int>(type: "INTEGER", nullable: false),
                    not_before = table.Column<DateTime>(type: "TEXT", nullable: true),
                    sent_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    started_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    finished_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    elapsed_seconds = table.Column<double>(type: "REAL", nullable: true),
                    phases = table.Column<string>(type: "TEXT", nullable: true),
                    worker = table.Column<string>(type: "TEXT", nullable: true),
                    result_key = table.Column<string>(type: "TEXT", nullable: true),
                    error = table.Column<string>(type: "TEXT", nullable: true)
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
                    id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    atlas_id = table.Column<int>(type: "INTEGER", nullable: false),
                    layer_index = table.Column<int>(type: "INTEGER", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", nullable: false),
                    @operator = table.Column<string>(name: "operator", type: "TEXT", nullable: false),
                    channels = table.Column<int>(type: "INTEGER", nullable: false),
                    height = table.Column<int>(type: "INTEGER", nullable: false),
                    width = table.Column<int>(type: "INTEGER", nullable: false),
                    field_height = table.Column<int>(type: "INTEGER", nullable: false),
                    field_width = table.Column<int>(type: "INTEGER", nullable: false),
                    stride_y = table.Column<int>(type: "INTEGER", nullable: false),
                    stride_x = table.Column<int>(type: "INTEGER", nullable: false),
                    start_y = table.Column<double>(type: "REAL", nullable: false),
                    start_x = table.Column<double>(type: "REAL", nullable: false),
                    sees_whole_input = table.Column<bool>(type: "INTEGER", nullable: false),
                    parameters = table.Column<long>(type: "INTEGER", nullable: false),
                    depth = table.Column<int>(type: "INTEGER", nullable: false),
                    flops = table.Column<long>(type: "INTEGER", nullable: false),
                    sheet_key = table.Column<string>(type: "TEXT", nullable: true)
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
                    layer_id = table.Column<int>(type: "INTEGER", nullable: false),
                    channel = table.Column<int>(type: "INTEGER", nullable: false),
                    images = table.Column<int>(type: "INTEGER", nullable: true),
                    mean = table.Column<double>(type: "REAL", nullable: true),
                    standard_deviation = table.Column<double>(type: "REAL", nullable: true),
                    max = table.Column<double>(type: "REAL", nullable: true),
                    fraction_positive = table.Column<double>(type: "REAL", nullable: true),
                    dead = table.Column<bool>(type: "INTEGER", nullable: true),
                    q50 = table.Column<double>(type: "REAL", nullable: true),
                    q90 = table.Column<double>(type: "REAL", nullable: true),
                    q99 = table.Column<double>(type: "REAL", nullable: true),
                    q999 = table.Column<double>(type: "REAL", nullable: true),
                    histogram_low = table.Column<double>(type: "REAL", nullable: true),
                    histogram_high = table.Column<double>(type: "REAL", nullable: true),
                    histogram = table.Column<string>(type: "TEXT", nullable: true),
                    best_class = table.Column<int>(type: "INTEGER", nullable: true),
                    best_class_mean = table.Column<double>(type: "REAL", nullable: true),
                    class_selectivity = table.Column<double>(type: "REAL", nullable: true),
                    top_classes = table.Column<string>(type: "TEXT", nullable: true),
                    top_purity = table.Column<double>(type: "REAL", nullable: true)
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
                    layer_id = table.Column<int>(type: "INTEGER", nullable: false),
                    channel = table.Column<int>(type: "INTEGER", nullable: false),
                    method = table.Column<string>(type: "TEXT", nullable: false),
                    variant = table.Column<string>(type: "TEXT", nullable: false),
                    seed = table.Column<int>(type: "INTEGER", nullable: false),
                    key = table.Column<string>(type: "TEXT", nullable: true),
                    parameters = table.Column<string>(type: "TEXT", nullable: false),
                    status = table.Column<string>(type: "TEXT", nullable: false),
                    activation = table.Column<double>(type: "REAL", nullable: true),
                    percentile = table.Column<double>(type: "REAL", nullable: true),
                    best_step = table.Column<int>(type: "INTEGER", nullable: true),
                    steps = table.Column<int>(type: "INTEGER", nullable: true),
                    objective = table.Column<string>(type: "TEXT", nullable: false)
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
                    layer_id = table.Column<int>(type: "INTEGER", nullable: false),
                    channel = table.Column<int>(type: "INTEGER", nullable: false),
                    rank = table.Column<int>(type: "INTEGER", nullable: false),
                    image_index = table.Column<int>(type: "INTEGER", nullable: false),
                    activation = table.Column<float>(type: "REAL", nullable: false),
                    y = table.Column<int>(type: "INTEGER", nullable: false),
                    x = table.Column<int>(type: "INTEGER", nullable: false),
                    x0 = table.Column<int>(type: "INTEGER", nullable: false),
                    y0 = table.Column<int>(type: "INTEGER", nullable: false),
                    x1 = table.Column<int>(type: "INTEGER", nullable: false),
                    y1 = table.Column<int>(type: "INTEGER", nullable: false),
                    clipped_x0 = table.Column<int>(type: "INTEGER", nullable: false),
                    clipped_y0 = table.Column<int>(type: "INTEGER", nullable: false),
                    clipped_x1 = table.Column<int>(type: "INTEGER", nullable: false),
                    clipped_y1 = table.Column<int>(type: "INTEGER", nullable: false),
                    recomputed = table.Column<float>(type: "REAL", nullable: true),
                    mismatch = table.Column<bool>(type: "INTEGER", nullable: true)
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
                name: "ix_job_state_priority",
                table: "job",
                columns: new[] { "state", "priority" });

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
                name: "neuron");

            migrationBuilder.DropTable(
                name: "layer");

            migrationBuilder.DropTable(
                name: "atlas");
        }
    }
}

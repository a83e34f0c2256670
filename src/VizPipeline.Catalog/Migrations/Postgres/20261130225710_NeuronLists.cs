using System;
using Microsoft.EntityFrameworkCore.Migrations;
using VizPipeline.Catalog.Views;

#nullable disable

namespace VizPipeline.Catalog.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class NeuronLists : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "neuron_list",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    atlas = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    title = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    key_hash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    changed_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_neuron_list", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "listed_neuron",
                columns: table => new
                {
                    list_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    layer = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    channel = table.Column<int>(type: "integer", nullable: false),
                    note = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    added_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_listed_neuron", x => new { x.list_id, x.layer, x.channel });
                    table.ForeignKey(
                        name: "fk_listed_neuron_neuron_list_list_id",
                        column: x => x.list_id,
                        principalTable: "neuron_list",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_neuron_list_atlas",
                table: "neuron_list",
                column: "atlas");

            // The account of the atlas service in compose, chart and Slurm, which otherwise only reads.
            migrationBuilder.Sql(
                """
                DO $$ BEGIN
                    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'viz_atlas') THEN
                        GRANT INSERT, UPDATE, DELETE ON neuron_list, listed_neuron TO viz_atlas;
                    END IF;
                END $$;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            CatalogViews.Drop(migrationBuilder);

            migrationBuilder.DropTable(
                name: "listed_neuron");

            migrationBuilder.DropTable(
                name: "neuron_list");
        }
    }
}

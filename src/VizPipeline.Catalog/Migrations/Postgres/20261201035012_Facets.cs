using Microsoft.EntityFrameworkCore.Migrations;
using VizPipeline.Catalog.Views;

#nullable disable

namespace VizPipeline.Catalog.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Facets : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "facet",
                columns: table => new
                {
                    layer_id = table.Column<int>(type: "integer", nullable: false),
                    channel = table.Column<int>(type: "integer", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    images = table.Column<int>(type: "integer", nullable: false),
                    share = table.Column<double>(type: "double precision", nullable: false),
                    silhouette = table.Column<double>(type: "double precision", nullable: true),
                    mean_activation = table.Column<double>(type: "double precision", nullable: false),
                    image_indices = table.Column<int[]>(type: "integer[]", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_facet", x => new { x.layer_id, x.channel, x.number });
                    table.ForeignKey(
                        name: "fk_facet_neuron_layer_id_channel",
                        columns: x => new { x.layer_id, x.channel },
                        principalTable: "neuron",
                        principalColumns: new[] { "layer_id", "channel" },
                        onDelete: ReferentialAction.Cascade);
                });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            CatalogViews.Drop(migrationBuilder);

            migrationBuilder.DropTable(
                name: "facet");
        }
    }
}

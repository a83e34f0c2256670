using Microsoft.EntityFrameworkCore.Migrations;
using VizPipeline.Catalog.Views;

#nullable disable

namespace VizPipeline.Catalog.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class ActiveImages : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "active_images",
                table: "neuron",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "rectified",
                table: "layer",
                type: "INTEGER",
                nullable: true);

            // Earlier atlases know the share of the images only.
            migrationBuilder.Sql(
                "UPDATE neuron SET active_images = CAST(round(fraction_positive * images) AS INTEGER) WHERE images IS NOT NULL;");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            CatalogViews.Drop(migrationBuilder);

            migrationBuilder.DropColumn(
                name: "active_images",
                table: "neuron");

            migrationBuilder.DropColumn(
                name: "rectified",
                table: "layer");
        }
    }
}

using Microsoft.EntityFrameworkCore.Migrations;
using VizPipeline.Catalog.Views;

#nullable disable

namespace VizPipeline.Catalog.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class PatchCrops : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "crop_x0",
                table: "patch",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "crop_x1",
                table: "patch",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "crop_y0",
                table: "patch",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "crop_y1",
                table: "patch",
                type: "INTEGER",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            // Views hold on to the columns they show; they are created anew after the migrations.
            CatalogViews.Drop(migrationBuilder);

            migrationBuilder.DropColumn(
                name: "crop_x0",
                table: "patch");

            migrationBuilder.DropColumn(
                name: "crop_x1",
                table: "patch");

            migrationBuilder.DropColumn(
                name: "crop_y0",
                table: "patch");

            migrationBuilder.DropColumn(
                name: "crop_y1",
                table: "patch");
        }
    }
}

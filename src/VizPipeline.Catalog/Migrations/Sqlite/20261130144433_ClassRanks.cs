using Microsoft.EntityFrameworkCore.Migrations;
using VizPipeline.Catalog.Views;

#nullable disable

namespace VizPipeline.Catalog.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class ClassRanks : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "class_rank",
                table: "image",
                type: "INTEGER",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            CatalogViews.Drop(migrationBuilder);

            migrationBuilder.DropColumn(
                name: "class_rank",
                table: "image");
        }
    }
}

using Microsoft.EntityFrameworkCore.Migrations;
using VizPipeline.Catalog.Views;

#nullable disable

namespace VizPipeline.Catalog.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class FailedOn : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "failed_on",
                table: "job",
                type: "TEXT",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            CatalogViews.Drop(migrationBuilder);

            migrationBuilder.DropColumn(
                name: "failed_on",
                table: "job");
        }
    }
}

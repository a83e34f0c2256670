using Microsoft.EntityFrameworkCore.Migrations;
using VizPipeline.Catalog.Views;

#nullable disable

namespace VizPipeline.Catalog.Migrations.Postgres
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
                type: "text",
                nullable: true,
                collation: "C");
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

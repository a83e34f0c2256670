using Microsoft.EntityFrameworkCore.Migrations;
using VizPipeline.Catalog.Views;

#nullable disable

namespace VizPipeline.Catalog.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Views : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "name",
                table: "neuron",
                type: "TEXT",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "image_class",
                columns: table => new
                {
                    atlas_id = table.Column<int>(type: "INTEGER", nullable: false),
                    class_index = table.Column<int>(type: "INTEGER", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_image_class", x => new { x.atlas_id, x.class_index });
                    table.ForeignKey(
                        name: "fk_image_class_atlas_atlas_id",
                        column: x => x.atlas_id,
                        principalTable: "atlas",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            // Atlases of before have their names in the spec alone.
            migrationBuilder.Sql(
                """
                INSERT INTO image_class (atlas_id, class_index, name)
                SELECT a.id, c.key, c.value FROM atlas a, json_each(a.spec, '$.images.classes') c;
                """);
            migrationBuilder.Sql(
                """
                UPDATE neuron SET name = (
                    SELECT json_extract(a.spec, '$.output_names[' || neuron.channel || ']')
                    FROM layer l JOIN atlas a ON a.id = l.atlas_id WHERE l.id = neuron.layer_id)
                WHERE layer_id IN (SELECT id FROM layer WHERE kind = 'output');
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            CatalogViews.Drop(migrationBuilder);

            migrationBuilder.DropTable(
                name: "image_class");

            migrationBuilder.DropColumn(
                name: "name",
                table: "neuron");
        }
    }
}

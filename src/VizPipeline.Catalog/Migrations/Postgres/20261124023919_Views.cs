using Microsoft.EntityFrameworkCore.Migrations;
using VizPipeline.Catalog.Views;

#nullable disable

namespace VizPipeline.Catalog.Migrations.Postgres
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
                type: "text",
                nullable: true,
                collation: "C");

            migrationBuilder.CreateTable(
                name: "image_class",
                columns: table => new
                {
                    atlas_id = table.Column<int>(type: "integer", nullable: false),
                    class_index = table.Column<int>(type: "integer", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false, collation: "C")
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
                SELECT a.id, c.place - 1, c.name
                FROM atlas a, json_array_elements_text(a.spec::json #> '{images,classes}') WITH ORDINALITY AS c(name, place);
                """);
            migrationBuilder.Sql(
                """
                UPDATE neuron SET name = a.spec::json -> 'output_names' ->> neuron.channel
                FROM layer l JOIN atlas a ON a.id = l.atlas_id
                WHERE l.id = neuron.layer_id AND l.kind = 'output';
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

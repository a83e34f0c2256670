using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VizPipeline.Catalog.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Cluster : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_job_state_priority",
                table: "job");

            migrationBuilder.AddColumn<int>(
                name: "losses",
                table: "job",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<bool>(
                name: "published",
                table: "job",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<DateTime>(
                name: "cancelled_at",
                table: "atlas",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "priority",
                table: "atlas",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.CreateTable(
                name: "worker",
                columns: table => new
                {
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    host = table.Column<string>(type: "TEXT", nullable: false),
                    device = table.Column<string>(type: "TEXT", nullable: false),
                    software_version = table.Column<string>(type: "TEXT", nullable: false),
                    kinds = table.Column<string>(type: "TEXT", nullable: false),
                    state = table.Column<string>(type: "TEXT", nullable: false),
                    started_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    last_seen_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    atlas_slug = table.Column<string>(type: "TEXT", nullable: true),
                    job_id = table.Column<long>(type: "INTEGER", nullable: true),
                    jobs_done = table.Column<long>(type: "INTEGER", nullable: false),
                    process_id = table.Column<int>(type: "INTEGER", nullable: false),
                    memory_bytes = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_worker", x => x.name);
                });

            migrationBuilder.CreateIndex(
                name: "ix_job_state_kind_priority_atlas_id_job_id",
                table: "job",
                columns: new[] { "state", "kind", "priority", "atlas_id", "job_id" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "worker");

            migrationBuilder.DropIndex(
                name: "ix_job_state_kind_priority_atlas_id_job_id",
                table: "job");

            migrationBuilder.DropColumn(
                name: "losses",
                table: "job");

            migrationBuilder.DropColumn(
                name: "published",
                table: "job");

            migrationBuilder.DropColumn(
                name: "cancelled_at",
                table: "atlas");

            migrationBuilder.DropColumn(
                name: "priority",
                table: "atlas");

            migrationBuilder.CreateIndex(
                name: "ix_job_state_priority",
                table: "job",
                columns: new[] { "state", "priority" });
        }
    }
}

using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Xen2Kvm.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class Waves : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<Guid>(
                name: "wave_id",
                table: "runs",
                type: "uuid",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "waves",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    document = table.Column<string>(type: "jsonb", nullable: false),
                    dossier = table.Column<string>(type: "jsonb", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_waves", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "wave_guests",
                columns: table => new
                {
                    source_host_id = table.Column<Guid>(type: "uuid", nullable: false),
                    guest_name = table.Column<string>(type: "text", nullable: false),
                    wave_id = table.Column<Guid>(type: "uuid", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_wave_guests", x => new { x.source_host_id, x.guest_name });
                    table.ForeignKey(
                        name: "fk_wave_guests_wave_id",
                        column: x => x.wave_id,
                        principalTable: "waves",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_runs_wave_id",
                table: "runs",
                column: "wave_id",
                filter: "wave_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_wave_guests_wave_id",
                table: "wave_guests",
                column: "wave_id");

            migrationBuilder.CreateIndex(
                name: "ix_waves_created_at",
                table: "waves",
                column: "created_at");

            migrationBuilder.CreateIndex(
                name: "ix_waves_name",
                table: "waves",
                column: "name",
                unique: true,
                filter: "state NOT IN ('Done', 'Cancelled')");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "wave_guests");

            migrationBuilder.DropTable(
                name: "waves");

            migrationBuilder.DropIndex(
                name: "ix_runs_wave_id",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "wave_id",
                table: "runs");
        }
    }
}

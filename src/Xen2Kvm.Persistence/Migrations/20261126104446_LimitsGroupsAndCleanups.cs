using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Xen2Kvm.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class LimitsGroupsAndCleanups : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<Guid>(
                name: "group_id",
                table: "hosts",
                type: "uuid",
                nullable: true);

            migrationBuilder.AddColumn<Guid[]>(
                name: "groups",
                table: "api_tokens",
                type: "uuid[]",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "cleanups",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    document = table.Column<string>(type: "jsonb", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_cleanups", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "host_groups",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_host_groups", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "limits",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    document = table.Column<string>(type: "jsonb", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_limits", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "cleanup_guests",
                columns: table => new
                {
                    cleanup_id = table.Column<Guid>(type: "uuid", nullable: false),
                    source_host_id = table.Column<Guid>(type: "uuid", nullable: false),
                    guest_name = table.Column<string>(type: "text", nullable: false),
                    run_id = table.Column<Guid>(type: "uuid", nullable: false),
                    is_open = table.Column<bool>(type: "boolean", nullable: false),
                    has_begun = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_cleanup_guests", x => new { x.cleanup_id, x.source_host_id, x.guest_name });
                    table.ForeignKey(
                        name: "fk_cleanup_guests_cleanup_id",
                        column: x => x.cleanup_id,
                        principalTable: "cleanups",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "grants",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    role = table.Column<string>(type: "text", nullable: false),
                    group_id = table.Column<Guid>(type: "uuid", nullable: true),
                    wave_id = table.Column<Guid>(type: "uuid", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_grants", x => x.id);
                    table.CheckConstraint("ck_grants_place", "num_nonnulls(group_id, wave_id) = 1");
                    table.ForeignKey(
                        name: "fk_grants_group_id",
                        column: x => x.group_id,
                        principalTable: "host_groups",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_grants_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_grants_wave_id",
                        column: x => x.wave_id,
                        principalTable: "waves",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_hosts_group_id",
                table: "hosts",
                column: "group_id");

            migrationBuilder.CreateIndex(
                name: "ix_cleanup_guests_run_id",
                table: "cleanup_guests",
                column: "run_id");

            migrationBuilder.CreateIndex(
                name: "ix_cleanup_guests_source_host_id_guest_name",
                table: "cleanup_guests",
                columns: new[] { "source_host_id", "guest_name" },
                unique: true,
                filter: "is_open");

            migrationBuilder.CreateIndex(
                name: "ix_cleanups_created_at",
                table: "cleanups",
                column: "created_at");

            migrationBuilder.CreateIndex(
                name: "ix_grants_group_id",
                table: "grants",
                column: "group_id");

            migrationBuilder.CreateIndex(
                name: "ix_grants_user_id_group_id",
                table: "grants",
                columns: new[] { "user_id", "group_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_grants_user_id_wave_id",
                table: "grants",
                columns: new[] { "user_id", "wave_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_grants_wave_id",
                table: "grants",
                column: "wave_id");

            migrationBuilder.CreateIndex(
                name: "ix_host_groups_name",
                table: "host_groups",
                column: "name",
                unique: true);

            migrationBuilder.AddForeignKey(
                name: "fk_hosts_group_id",
                table: "hosts",
                column: "group_id",
                principalTable: "host_groups",
                principalColumn: "id",
                onDelete: ReferentialAction.SetNull);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropForeignKey(
                name: "fk_hosts_group_id",
                table: "hosts");

            migrationBuilder.DropTable(
                name: "cleanup_guests");

            migrationBuilder.DropTable(
                name: "grants");

            migrationBuilder.DropTable(
                name: "limits");

            migrationBuilder.DropTable(
                name: "cleanups");

            migrationBuilder.DropTable(
                name: "host_groups");

            migrationBuilder.DropIndex(
                name: "ix_hosts_group_id",
                table: "hosts");

            migrationBuilder.DropColumn(
                name: "group_id",
                table: "hosts");

            migrationBuilder.DropColumn(
                name: "groups",
                table: "api_tokens");
        }
    }
}

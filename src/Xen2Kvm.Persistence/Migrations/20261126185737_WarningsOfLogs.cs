using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Xen2Kvm.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class WarningsOfLogs : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndex(
                name: "ix_run_log_run_id_sequence",
                table: "run_log",
                columns: new[] { "run_id", "sequence" },
                filter: "level >= 2");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_run_log_run_id_sequence",
                table: "run_log");
        }
    }
}
